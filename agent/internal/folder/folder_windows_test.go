package folder

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFoldersAreMadeAndTakenAgain(t *testing.T) {
	for name, make := range map[string]func(string) error{"private": Private, "shared": Shared} {
		path := filepath.Join(t.TempDir(), name)
		for range 2 {
			if err := make(path); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := os.WriteFile(filepath.Join(path, "f"), []byte("x"), 0o600); err != nil {
				t.Errorf("%s: we cannot write to it: %v", name, err)
			}
		}
	}
}

func TestAFileInTheWayIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Private(path); !errors.Is(err, ErrForeign) {
		t.Errorf("Private of a file = %v; want ErrForeign", err)
	}
}

func TestAFolderWithoutAParentIsAnError(t *testing.T) {
	if err := Private(filepath.Join(t.TempDir(), "no", "data")); err == nil || errors.Is(err, ErrForeign) {
		t.Errorf("Private = %v; want the system's error", err)
	}
}
