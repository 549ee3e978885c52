package binary

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestAgentTags(t *testing.T) {
	if runtime.GOOS != "linux" {
		if got := AgentTags(t.TempDir()); got != "" {
			t.Errorf("AgentTags() = %q on %s; want none, the system has SQLite", got, runtime.GOOS)
		}
		return
	}
	tests := []struct {
		name  string
		files []string
		want  string
	}{
		{"an empty machine brings its own SQLite", nil, "osiris_modernc"},
		{"glibc without the library brings its own SQLite", []string{"lib64/ld-linux-x86-64.so.2"}, "osiris_modernc"},
		{"musl with the library brings its own SQLite", []string{"usr/lib/libsqlite3.so.0"}, "osiris_modernc"},
		{"Debian with the library uses the system's", []string{"lib64/ld-linux-x86-64.so.2", "usr/lib/x86_64-linux-gnu/libsqlite3.so.0"}, ""},
		{"Fedora with the library uses the system's", []string{"lib64/ld-linux-x86-64.so.2", "usr/lib64/libsqlite3.so.0"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := t.TempDir()
			for _, f := range tt.files {
				path := filepath.Join(base, f)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got := AgentTags(base); got != tt.want {
				t.Errorf("AgentTags(%v) = %q; want %q", tt.files, got, tt.want)
			}
		})
	}
}

func TestBuildNamesWhatThereIs(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "central", "cmd", "osirisctl"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "central", "cmd", "osirisctl", "main.go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Build(t.Context(), root, "osirisctrl")
	if err == nil || !strings.Contains(err.Error(), "there are: osirisctl") {
		t.Errorf("Build(osirisctrl) = %v; want an error that lists osirisctl", err)
	}
}
