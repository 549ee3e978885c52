package lock

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestASecondTakerIsRefusedUntilTheFirstCloses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	for range 2 {
		first, err := Take(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Take(path); !errors.Is(err, ErrTaken) {
			t.Errorf("Take of a held lock = %v; want ErrTaken", err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFolderThatIsMissingIsAnError(t *testing.T) {
	if _, err := Take(filepath.Join(t.TempDir(), "no", "lock")); err == nil || errors.Is(err, ErrTaken) {
		t.Errorf("Take = %v; want the system's error", err)
	}
}
