package probe

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/osiriscare/osiris/shared/check"
)

// sysctlFileLimit bounds the files of sysctl.d.
const sysctlFileLimit = 256

// Where kernel settings are configured. sysctl.conf is applied last (sysctl(8)
// --system of procps).
const (
	sysctlFolder = "etc/sysctl.d"
	sysctlFile   = "etc/sysctl.conf"
)

func (p *Probe) readSysctl(ctx context.Context) (check.Facts, error) {
	files, err := p.sysctlFiles()
	if err != nil {
		return nil, err
	}
	settings := map[string]setting{}
	for _, name := range files {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		content, err := p.readFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue // gone since the listing, or a dangling link
		}
		if err != nil {
			return nil, err
		}
		if err := parseSysctl(bytes.NewReader(content), "/"+name, settings); err != nil {
			return nil, err
		}
	}
	var facts check.Facts
	for _, d := range check.Defaults(check.SysctlHardening) {
		if s, ok := settings[d.Name]; ok {
			facts.Add(d.Name, s.value)
			facts.Add(d.Name+check.SysctlFileSuffix, s.file)
		}
	}
	return facts, nil
}

// sysctlFiles are the files in the order in which they apply.
func (p *Probe) sysctlFiles() ([]string, error) {
	entries, err := os.ReadDir(p.path(sysctlFolder))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err != nil { // no folder: nothing is configured, if there is a root at all
		if _, err := os.Stat(p.path(".")); err != nil {
			return nil, err
		}
	}
	var files []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".conf") && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, filepath.ToSlash(filepath.Join(sysctlFolder, e.Name())))
		}
	}
	if len(files) > sysctlFileLimit {
		return nil, errors.New(sysctlFolder + " has more files than expected")
	}
	sort.Strings(files)
	return append(files, sysctlFile), nil
}
