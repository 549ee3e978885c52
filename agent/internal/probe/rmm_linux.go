package probe

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/osiriscare/osiris/shared/check"
)

// linuxSoftware is what a Linux shows: systemd units, /proc, dpkg's database.
type linuxSoftware struct{ *Probe }

func (p *Probe) readRMM(ctx context.Context) (check.Facts, error) {
	return detect(ctx, p.Signatures, linuxSoftware{p})
}

// expand has nothing to do here.
func expand(pattern string) string { return pattern }

func (s linuxSoftware) paths(pattern string) []string { return matchPaths(s.root, pattern) }

func (linuxSoftware) key(string) bool { return false }

// scan reads everything once.
func (s linuxSoftware) scan(ctx context.Context) (*inventory, error) {
	all := &inventory{services: s.units()}
	var err error
	if all.programs, err = s.programs(ctx); err != nil {
		return nil, err
	}
	all.packages, err = s.packages()
	return all, err
}

// Where systemd looks for units (systemd.unit(5)), and where a running one has a
// cgroup, in version 2 and 1.
var (
	unitFolders  = [...]string{"etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"}
	groupFolders = [...]string{"sys/fs/cgroup/system.slice", "sys/fs/cgroup/systemd/system.slice"}
)

const unitSuffix = ".service"

func (s linuxSoftware) units() []entry {
	var units []entry
	for _, folder := range &unitFolders {
		for _, name := range names(s.path(folder), maxEntries) {
			if unit, ok := strings.CutSuffix(name, unitSuffix); ok {
				units = append(units, entry{name: unit})
			}
		}
	}
	return units
}

func (s linuxSoftware) service(_ context.Context, name string) (running bool, path string, err error) {
	for _, folder := range &groupFolders {
		running, err = s.exists(folder + "/" + name + unitSuffix)
		if running || err != nil {
			break
		}
	}
	return running, "", err
}

// maxProcesses is Linux' default pid_max on small machines; a host with more has
// other worries.
const maxProcesses = 32768

func (s linuxSoftware) programs(ctx context.Context) ([]entry, error) {
	if _, err := os.Stat(s.path("proc")); err != nil && s.live() {
		return nil, err
	}
	var programs []entry
	for _, pid := range names(s.path("proc"), maxProcesses) {
		if pid[0] < '0' || pid[0] > '9' {
			continue
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if name := s.program("proc/" + pid); name != "" {
			programs = append(programs, entry{name: name})
		}
	}
	return programs, nil
}

// program is the path of a process's program. Other users' are hidden from all
// but root; then its first argument stands for it. Kernel threads have neither.
func (s linuxSoftware) program(process string) string {
	if target, err := os.Readlink(s.path(process + "/exe")); err == nil {
		return strings.TrimSuffix(target, " (deleted)")
	}
	line, err := s.readFile(process + "/cmdline")
	if err != nil {
		return "" // it has ended
	}
	argument, _, _ := bytes.Cut(line, []byte{0})
	return string(argument)
}

func (s linuxSoftware) packages() ([]entry, error) {
	f, err := os.Open(s.path("var/lib/dpkg/status"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // another package manager; units, files and processes remain
	}
	if err != nil {
		return nil, err
	}
	packages, err := parseDpkg(f)
	return packages, errors.Join(err, f.Close())
}

// dpkgLimit bounds dpkg's database; 5,000 packages have 6 MB.
const dpkgLimit = 64 << 20

// parseDpkg reads the names and versions of installed packages from a file in
// the form of /var/lib/dpkg/status (deb-control(5), dpkg-query(1)).
func parseDpkg(r io.Reader) ([]entry, error) {
	var packages []entry
	var one entry
	installed := false
	lines := bufio.NewReader(io.LimitReader(r, dpkgLimit))
	for {
		line, long, err := lines.ReadLine()
		if err != nil && err != io.EOF {
			return nil, err
		}
		if err == io.EOF || len(line) == 0 {
			if one.name != "" && installed {
				packages = append(packages, one)
			}
			if one, installed = (entry{}), false; err == io.EOF {
				return packages, nil
			}
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(": "))
		switch string(field) {
		case "Package":
			one.name = string(value)
		case "Version":
			one.version = string(value)
		case "Status":
			installed = bytes.HasSuffix(value, []byte(" installed"))
		}
		for long && err == nil { // the rest of a description
			_, long, err = lines.ReadLine()
		}
	}
}
