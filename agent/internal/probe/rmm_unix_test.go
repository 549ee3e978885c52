//go:build !windows

package probe

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/agent/internal/wire"
)

// plant makes files under a new folder.
func plant(t *testing.T, files ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestPathsAreFoundUnderTheRootOnly(t *testing.T) {
	root := plant(t, "opt/tool-ab12/bin/agent", "opt/tool-cd34/readme", "opt/tools/bin/agent", "etc/other")
	for pattern, want := range map[string][]string{
		"/opt/tool-ab12":        {"/opt/tool-ab12"},
		"/opt/tool-{id}":        {"/opt/tool-ab12", "/opt/tool-cd34"},
		"/opt/tool-ab12/bin/a*": {"/opt/tool-ab12/bin/agent"},
		"/opt/none":             nil,
		"/opt/none/*":           nil,
		"/etc/other/*":          nil,
	} {
		got := New(root).find(wire.MarkPath, pattern)
		if diff := cmp.Diff(want, slices.Sorted(slices.Values(got))); diff != "" {
			t.Errorf("find(%s) (-want +got):\n%s", pattern, diff)
		}
	}
	var many []string
	for i := range 40 {
		many = append(many, "opt/tool-"+strings.Repeat("x", i+1))
	}
	if got := New(plant(t, many...)).find(wire.MarkPath, "/opt/tool-*"); len(got) != maxPaths {
		t.Errorf("%d paths; want the first %d", len(got), maxPaths)
	}
}
