package probe

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"

	"github.com/osiriscare/osiris/shared/check"
)

// kernelLimit bounds the kernels that are named.
const kernelLimit = 16

func (p *Probe) readReboot(context.Context) (check.Facts, error) {
	required, err := p.exists("run/reboot-required")
	if err != nil {
		return nil, err
	}
	var facts check.Facts
	if !required {
		facts.Add(check.FactRebootRequired, "no")
	} else {
		facts.Add(check.FactRebootRequired, "yes")
		content, err := p.readFile("run/reboot-required.pkgs")
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		packages, err := parsePackages(bytes.NewReader(content))
		if err != nil {
			return nil, err
		}
		facts.Add(check.FactRebootPackages, strings.Join(packages, " "))
	}
	if p.live() { // another root has no running kernel
		err = p.addKernels(&facts)
	}
	return facts, err
}

func (p *Probe) addKernels(facts *check.Facts) error {
	release, err := p.readFile("proc/sys/kernel/osrelease")
	if err != nil {
		return err
	}
	facts.Add(check.FactKernelRunning, strings.TrimSpace(string(release)))
	entries, err := os.ReadDir(p.path("lib/modules"))
	if errors.Is(err, os.ErrNotExist) {
		return nil // a container, or a kernel without modules
	}
	if err != nil {
		return err
	}
	count := 0
	for _, e := range entries {
		// Removed kernels leave folders behind; a real one has its image.
		if bootable, err := p.exists("boot/vmlinuz-" + e.Name()); err != nil || !bootable || count == kernelLimit {
			continue
		}
		count++
		facts.Add(check.FactKernelInstalled, e.Name())
	}
	return nil
}
