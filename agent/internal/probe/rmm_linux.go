package probe

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/check"
)

func (p *Probe) readRMM(ctx context.Context) (check.Facts, error) {
	return detect(ctx, p.Signatures, p)
}

// Where systemd looks for units (systemd.unit(5)), and where a running one has a
// cgroup, in version 2 and 1.
var (
	unitFolders  = [...]string{"etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"}
	groupFolders = [...]string{"sys/fs/cgroup/system.slice/", "sys/fs/cgroup/systemd/system.slice/"}
)

const unitSuffix = ".service"

// scan reads systemd's units, /proc and dpkg's database.
func (p *Probe) scan(ctx context.Context) ([]entry, error) {
	var all []entry
	for _, folder := range &unitFolders {
		for _, name := range names(p.path(folder)) {
			if unit, ok := strings.CutSuffix(name, unitSuffix); ok {
				all = append(all, entry{kind: wire.MarkService, text: unit, service: unit})
			}
		}
	}
	f, err := os.Open(p.path("var/lib/dpkg/status"))
	if err == nil {
		all, err = parseDpkg(all, f)
		_ = f.Close() // only read
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) { // there are other package managers
		return nil, err
	}
	if _, err := os.Lstat(p.path("proc")); err != nil && p.live() {
		return nil, err
	}
	for _, pid := range names(p.path("proc")) {
		if name := p.program("proc/" + pid); name != "" && ctx.Err() == nil {
			all = append(all, entry{kind: wire.MarkProcess, text: name})
		}
	}
	return all, nil
}

func (p *Probe) runs(unit string) (bool, error) {
	for _, folder := range &groupFolders {
		if running, err := p.exists(folder + unit + unitSuffix); running || err != nil {
			return running, err
		}
	}
	return false, nil
}

// program is the path of a process's program. Other users' are hidden from all
// but root; then its first argument stands for it. Kernel threads have neither,
// nor has what is no process.
func (p *Probe) program(process string) string {
	if target, err := os.Readlink(p.path(process + "/exe")); err == nil {
		return strings.TrimSuffix(target, " (deleted)")
	}
	line, _ := p.readFile(process + "/cmdline") // it may have ended
	argument, _, _ := strings.Cut(string(line), "\x00")
	return argument
}

// dpkgLine bounds a line of dpkg's database; lists of files may be long.
const dpkgLine = 1 << 20

// parseDpkg adds the installed packages of a file in the form of
// /var/lib/dpkg/status (deb-control(5), dpkg-query(1)).
func parseDpkg(all []entry, r io.Reader) ([]entry, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, dpkgLine)
	var name, version string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "Package":
			name, version = value, ""
		case "Status":
			if !strings.HasSuffix(value, " installed") {
				name = ""
			}
		case "Version":
			version = value
		}
		if version != "" && name != "" { // it comes after the status
			all = append(all, entry{kind: wire.MarkPackage, text: name, version: version})
			name = ""
		}
	}
	return all, lines.Err()
}
