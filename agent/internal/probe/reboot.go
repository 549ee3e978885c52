package probe

import (
	"bufio"
	"io"
	"strings"
)

// packageLimit bounds the packages that are named.
const packageLimit = 20

// parsePackages reads /run/reboot-required.pkgs: one package a line, repeated
// when it asked more than once.
func parsePackages(r io.Reader) ([]string, error) {
	var packages []string
	seen := map[string]bool{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name := strings.TrimSpace(lines.Text())
		if name == "" || seen[name] || len(name) > valueLimit || len(packages) == packageLimit {
			continue
		}
		seen[name] = true
		packages = append(packages, strings.ToValidUTF8(name, "?"))
	}
	return packages, lines.Err()
}
