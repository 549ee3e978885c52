package probe

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
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
	SysctlFolder = "etc/sysctl.d"
	sysctlFile   = "etc/sysctl.conf"
)

// setting is one key's value and the file that set it last.
type setting struct{ value, file string }

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
	entries, err := os.ReadDir(p.path(SysctlFolder))
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
			files = append(files, filepath.ToSlash(filepath.Join(SysctlFolder, e.Name())))
		}
	}
	if len(files) > sysctlFileLimit {
		return nil, errors.New(SysctlFolder + " has more files than expected")
	}
	sort.Strings(files)
	return append(files, sysctlFile), nil
}

// valueLimit bounds a value that becomes a fact; the real ones are digits.
const valueLimit = 64

// parseSysctl reads one file of sysctl.d(5) into settings; what it sets replaces
// what is there.
func parseSysctl(r io.Reader, file string, settings map[string]setting) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, fileLimit+1)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		// A leading "-" only means that a failure to apply is ignored.
		key = strings.TrimSpace(strings.TrimPrefix(key, "-"))
		key = strings.ReplaceAll(key, "/", ".")
		value = strings.TrimSpace(value)
		if len(value) > valueLimit {
			value = value[:valueLimit]
		}
		settings[key] = setting{strings.ToValidUTF8(value, "?"), file}
	}
	return lines.Err()
}
