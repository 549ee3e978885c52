package linux

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// sources are apt's of Debian 12, in both of its forms.
type sources struct{ deb822, list []byte }

// machineSources gives those of the machine's that name bookworm; those of others
// than Debian do not name it alone, and are left out.
func machineSources(folder string) (sources, error) {
	var all sources
	for pattern, read := range map[string]func(*sources, string){
		"sources.list": (*sources).addList, "sources.list.d/*.list": (*sources).addList, "sources.list.d/*.sources": (*sources).addDeb822,
	} {
		names, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return all, fmt.Errorf("looking for apt's sources: %w", err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				return all, fmt.Errorf("reading apt's sources: %w", err)
			}
			read(&all, string(text))
		}
	}
	if len(all.deb822)+len(all.list) == 0 {
		return all, errors.New("reading apt's sources: none is of Debian 12 (bookworm)")
	}
	return all, nil
}

// addList takes lines: deb [options] address suite components.
func (s *sources) addList(text string) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) > 0 && fields[0] == "deb" && isDebian(strings.Join(fields[1:], " "), fields) {
			s.list = fmt.Appendln(s.list, strings.TrimSpace(line))
		}
	}
}

// addDeb822 takes stanzas.
func (s *sources) addDeb822(text string) {
	for stanza := range strings.SplitSeq(text, "\n\n") {
		var suites, types []string
		for line := range strings.Lines(stanza) {
			name, value, _ := strings.Cut(line, ":")
			switch strings.ToLower(name) {
			case "suites":
				suites = strings.Fields(value)
			case "types":
				types = strings.Fields(value)
			}
		}
		if len(types) > 0 && types[0] == "deb" && isDebian(stanza, suites) {
			s.deb822 = fmt.Appendf(s.deb822, "%s\n\n", strings.TrimSpace(stanza))
		}
	}
}

// isDebian tells Debian's own archives, whoever mirrors them.
func isDebian(text string, suites []string) bool {
	named := false
	for _, suite := range suites {
		named = named || suite == "bookworm" || strings.HasPrefix(suite, "bookworm-") || strings.HasPrefix(suite, "bookworm/")
	}
	return named && strings.Contains(text, "debian")
}
