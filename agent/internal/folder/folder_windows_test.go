package folder

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"unsafe"
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

// give sets an object's rights in SDDL.
func give(t *testing.T, path, sddl string) {
	t.Helper()
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := syscall.UTF16PtrFromString(sddl)
	if err != nil {
		t.Fatal(err)
	}
	var rights *byte
	call("ConvertStringSecurityDescriptorToSecurityDescriptorW", uintptr(unsafe.Pointer(text)), 1, uintptr(unsafe.Pointer(&rights)), 0)
	if call("SetFileSecurityW", uintptr(unsafe.Pointer(name)), rightsPart, uintptr(unsafe.Pointer(rights))) == 0 {
		t.Fatalf("%s does not take %s", path, sddl)
	}
}

// TestAFolderThatOthersCanWriteTo is %ProgramData%\Osiris made by an administrator,
// in which standard users may make files.
func TestAFolderThatOthersCanWriteTo(t *testing.T) {
	const anybody = "D:P(A;OICI;FA;;;WD)"
	for _, c := range []struct {
		name  string
		rules string // of the file in it; empty for none
		want  error
	}{
		{"is taken over while it is empty", "", nil},
		{"is taken over when what is in it is ours alone", "D:P(A;;FA;;;SY)", nil},
		{"is refused when others can write to what is in it", anybody, ErrForeign},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "data")
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
			give(t, path, anybody)
			if isClosed(describe(path), ourSID()) {
				t.Fatal("the folder is closed; the test proves nothing")
			}
			file := filepath.Join(path, "token.conf")
			if c.rules != "" {
				if err := os.WriteFile(file, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				give(t, file, c.rules)
				if got := Trusted(file); got != (c.want == nil) {
					t.Errorf("Trusted = %v", got)
				}
			}
			for range 2 { // what was refused is refused again
				if err := Private(path); !errors.Is(err, c.want) {
					t.Errorf("Private = %v; want %v", err, c.want)
				}
				if got := isClosed(describe(path), ourSID()); got != (c.want == nil) {
					t.Errorf("the folder is closed: %v", got)
				}
			}
		})
	}
}
