//go:build wine

package wine_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// overlay replaces one line of Go's library in test binaries: os.RemoveAll, by
// which t.TempDir cleans up, asks for FileDispositionInformationEx, and Wine 8.0
// answers STATUS_NOT_IMPLEMENTED where Windows versions without it answer
// STATUS_INVALID_INFO_CLASS, which Go expects (internal/syscall/windows, Go
// 1.26.8). The agent that ships is built without it.
func overlay(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("finding GOROOT: %v", err)
	}
	original := filepath.Join(strings.TrimSpace(string(out)), "src", "internal", "syscall", "windows", "at_windows.go")
	source, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	const asked, always = "\tif TestDeleteatFallback {\n", "\tif true { // Wine 8.0\n"
	if strings.Count(string(source), asked) != 1 {
		t.Fatalf("%s has no %q; see how this Go deletes files", original, asked)
	}
	changed := filepath.Join(t.TempDir(), "at_windows.go")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(source), asked, always, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(path, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
