package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
)

func TestAFileIsReplacedWhole(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "f")
	// What a crash in an earlier write left behind.
	if err := os.WriteFile(path+".osiris-new", []byte("left over"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, mode := range []os.FileMode{0o600, 0o644, 0o640} {
		want := []byte{byte(i)}
		if err := atomicfile.Write(path, want, mode); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != string(want) {
			t.Errorf("the file is %q, %v; want %q", got, err, want)
		}
		if info, err := os.Stat(path); err != nil || (info.Mode().Perm() != mode && os.PathSeparator == '/') {
			t.Errorf("the mode is %v, %v; want %v", info.Mode(), err, mode)
		}
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v; want the file alone", entries, err)
	}
}

func TestAWriteThatFailsLeavesTheOldFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "f")
	if err := os.MkdirAll(filepath.Join(path, "sub"), 0o755); err != nil { // a full folder cannot be replaced
		t.Fatal(err)
	}
	if err := atomicfile.Write(path, []byte("x"), 0o600); err == nil {
		t.Error("Write over a folder = nil; want an error")
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v; want what it held", entries, err)
	}
	if err := atomicfile.Write(filepath.Join(folder, "missing", "f"), nil, 0o600); err == nil {
		t.Error("Write into a missing folder = nil; want an error")
	}
}

func TestRemoveIsHappyWhenNothingIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := atomicfile.Remove(path); err != nil {
			t.Errorf("Remove = %v; want nil", err)
		}
	}
}
