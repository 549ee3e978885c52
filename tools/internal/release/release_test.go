package release_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/osiriscare/osiris/tools/internal/release"
)

// folder is a release of one program.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	sum := sha256.Sum256([]byte("program"))
	put(t, dir, "osiris-agent_linux_amd64", "program")
	put(t, dir, release.Sums, hex.EncodeToString(sum[:])+"  osiris-agent_linux_amd64\n")
	return dir
}

func put(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCopyReplacesWhatWasThere(t *testing.T) {
	to := filepath.Join(t.TempDir(), "release")
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, to, "old", "")
	files, err := release.Copy(folder(t), to)
	if err != nil || len(files) != 1 || files[0].Name != "osiris-agent_linux_amd64" || files[0].Bytes != 7 {
		t.Errorf("Copy = %v, %v; want the one program", files, err)
	}
	if _, err := os.Stat(filepath.Join(to, "old")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Stat(old) = %v; want it gone", err)
	}
}

func TestReadRefusesWhatTheSumsDoNotCover(t *testing.T) {
	for name, damage := range map[string]func(dir string){
		"another content": func(dir string) { put(t, dir, "osiris-agent_linux_amd64", "Program") },
		"one file more":   func(dir string) { put(t, dir, "more", "") },
		"no sums":         func(dir string) { put(t, dir, release.Sums, "") },
		"a path":          func(dir string) { put(t, dir, release.Sums, "00  ../x\n") },
	} {
		dir := folder(t)
		damage(dir)
		if files, err := release.Read(dir); err == nil {
			t.Errorf("Read(%s) = %v; want an error", name, files)
		}
	}
}
