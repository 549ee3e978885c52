package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestOnlyPackagesWithTaggedTestsAreListed(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":                "module m\n\ngo 1.26\n",
		"plain/a_test.go":       "package plain\n",
		"both/a_test.go":        "package both\n",
		"both/b_test.go":        "//go:build integration\n\npackage both_test\n",
		"only/deep/a_test.go":   "//go:build integration\n\npackage deep\n",
		"another/wine_test.go":  "//go:build wine\n\npackage another\n",
		"another/plain_test.go": "package another\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := tagged(t.Context(), root, "integration")
	if want := []string{"m/both", "m/only/deep"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("tagged = %v, %v; want %v", got, err, want)
	}
	if got, err := tagged(t.Context(), root, "nobody"); err == nil {
		t.Errorf("tagged with an unknown tag = %v; want an error", got)
	}
}
