package probe

import (
	"bufio"
	"io"
	"strings"
)

// fileLimit bounds what is read of a configuration file.
const fileLimit = 256 << 10

// setting is one key's value and the file that set it last.
type setting struct{ value, file string }

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
