package linux

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSourcesAreDebiansOwn(t *testing.T) {
	const stanza = "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main"
	for name, c := range map[string]struct {
		file, text string
		deb822     string
		list       string
	}{
		"a stanza of Debian":       {"sources.list.d/debian.sources", stanza + "\n", stanza + "\n\n", ""},
		"two, one of another":      {"sources.list.d/a.sources", "Types: deb\nURIs: https://packages.example/tool\nSuites: bookworm\n\n" + stanza, stanza + "\n\n", ""},
		"sources of programs":      {"sources.list.d/a.sources", "Types: deb-src\nURIs: http://mirror.example/debian\nSuites: bookworm\n", "", ""},
		"another release":          {"sources.list.d/a.sources", "Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\n", "", ""},
		"a line":                   {"sources.list", "deb [arch=amd64] http://mirror.example/debian bookworm main\n", "", "deb [arch=amd64] http://mirror.example/debian bookworm main\n"},
		"a line of security fixes": {"sources.list.d/s.list", "deb http://mirror.example/debian-security bookworm-security main", "", "deb http://mirror.example/debian-security bookworm-security main\n"},
		"lines of others":          {"sources.list", "# deb http://mirror.example/debian bookworm main\ndeb https://packages.example/tool bookworm main\ndeb-src http://mirror.example/debian bookworm main\n", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, c.file)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := machineSources(folder)
			if none := c.deb822+c.list == ""; (err != nil) != none {
				t.Errorf("machineSources = %v; want an error: %t", err, none)
			}
			if diff := cmp.Diff([]string{c.deb822, c.list}, []string{string(got.deb822), string(got.list)}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPackagesAreNamed(t *testing.T) {
	if names := packageNames(); len(names) < 10 || names[0] == "" || names[0][0] == '#' {
		t.Errorf("packageNames = %q", names)
	}
}
