package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/osiriscare/osiris/tools/internal/repo"
)

// policyFile is what Debian's packages ask before they start a service.
const policyFile = "/usr/sbin/policy-rc.d"

// holdServices keeps packages from starting what they bring (a file server, a
// KDC) until release is called. A machine that has a policy of its own keeps it.
func holdServices(path string) (release func() error, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755) //nolint:gosec // Debian runs it
	if errors.Is(err, fs.ErrExist) {
		return func() error { return nil }, nil
	}
	if err != nil {
		return nil, fmt.Errorf("keeping services from being started: %w", err)
	}
	_, err = f.WriteString("#!/bin/sh\n# of ./dev test, while it installs packages\nexit 101\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("keeping services from being started: %w", errors.Join(err, os.Remove(path)))
	}
	return func() error { return os.Remove(path) }, nil
}

// install brings in the Debian packages that tests need, or says how to.
func (s *suite) install(ctx context.Context, out io.Writer) error {
	f, err := os.Open(filepath.Join(s.root, "tools", "debian-packages.txt"))
	if err != nil {
		return fmt.Errorf("reading the package list: %w", err)
	}
	want, err := parsePackages(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("reading the package list: %w", err)
	}
	_, err = exec.LookPath("dpkg-query")
	debian := err == nil
	missing := want
	if debian {
		missing = notInstalled(ctx, want)
	}
	if len(missing) == 0 {
		fmt.Fprintln(out, "every Debian package that tests need is installed")
		return nil
	}
	line := "apt-get install -y --no-install-recommends " + strings.Join(missing, " ")
	switch {
	case debian && os.Geteuid() == 0:
	case s.ci:
		return fmt.Errorf("CI must run as root on Debian to install: %s", line)
	default:
		fmt.Fprintf(out, "tests that need these Debian packages are skipped; to run them: sudo %s\n", line)
		return nil
	}
	fmt.Fprintf(out, "set-up: %s\n", line)
	apt := func(args ...string) error {
		cmd := repo.Command(ctx, s.root, out, "apt-get", append([]string{"-qq", "-o", "Dpkg::Use-Pty=0"}, args...)...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		return cmd.Run()
	}
	if err := apt("update"); err != nil {
		return fmt.Errorf("fetching the package index: %w", err)
	}
	release, err := holdServices(policyFile)
	if err != nil {
		return err
	}
	err = apt(append([]string{"install", "-y", "--no-install-recommends"}, missing...)...)
	if err := errors.Join(err, release()); err != nil {
		return fmt.Errorf("installing packages: %w", err)
	}
	return nil
}

// parsePackages reads one package a line with a reason after it; # starts a
// comment.
func parsePackages(r io.Reader) ([]string, error) {
	var names []string
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		switch len(fields) {
		case 0:
		case 1:
			return nil, fmt.Errorf("package %s has no reason beside it", fields[0])
		default:
			names = append(names, fields[0])
		}
	}
	return names, lines.Err()
}

func notInstalled(ctx context.Context, want []string) []string {
	var missing []string
	for _, name := range want {
		state, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${Status}", name).Output()
		if err != nil || string(state) != "install ok installed" {
			missing = append(missing, name)
		}
	}
	return missing
}
