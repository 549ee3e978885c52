//go:build unix

package atomicfile

import (
	"errors"
	"fmt"
	"os"
)

// Permit sets a file's mode, whatever the umask is.
func Permit(f *os.File, mode os.FileMode) error { return f.Chmod(mode) }

// SyncFolder makes renames and removals in the folder durable.
func SyncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("syncing folder: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("syncing folder %s: %w", path, err)
	}
	return nil
}
