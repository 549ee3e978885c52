//go:build unix

package folder

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFoldersAreMadeAndClosed(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(string) error
		mode os.FileMode
	}{{"private", Private, 0o700}, {"shared", Shared, 0o755}} {
		path := filepath.Join(t.TempDir(), "a", "b", c.name)
		for _, found := range []os.FileMode{0, 0o700, 0o755, 0o750, 0o500} {
			if found != 0 { // made by somebody else in a harmless way
				if err := os.Chmod(path, found); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.make(path); err != nil {
				t.Fatalf("%s found with mode %o: %v", c.name, found, err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != c.mode {
				t.Errorf("%s found with mode %o has %v, %v; want %o", c.name, found, info.Mode(), err, c.mode)
			}
		}
	}
}

func TestAFolderThatOthersCanWriteToIsRefused(t *testing.T) {
	for _, mode := range []os.FileMode{0o777, 0o720, 0o702} {
		path := filepath.Join(t.TempDir(), "data")
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if err := Private(path); !errors.Is(err, ErrForeign) {
			t.Errorf("Private of a folder with mode %o = %v; want ErrForeign", mode, err)
		}
	}
}

func TestAnothersFolderIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, 12345, -1); err != nil {
		t.Skip("only root can give a folder away")
	}
	if err := Private(path); !errors.Is(err, ErrForeign) {
		t.Errorf("Private of another's folder = %v; want ErrForeign", err)
	}
}

func TestAFileInTheWayIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Private(path); err == nil {
		t.Error("Private of a file = nil; want an error")
	}
}

func TestAFileIsTrustedWhenNobodyElseCanWriteToIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token.conf")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[os.FileMode]bool{0o600: true, 0o644: true, 0o664: false, 0o602: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if got := Trusted(path); got != want {
			t.Errorf("Trusted of a file with mode %o = %v; want %v", mode, got, want)
		}
	}
	if Trusted(path + ".none") {
		t.Error("a file that is not there is trusted")
	}
}
