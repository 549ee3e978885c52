package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/osiriscare/osiris/tools/internal/repo"
)

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
	if err := apt(append([]string{"install", "-y", "--no-install-recommends"}, missing...)...); err != nil {
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
