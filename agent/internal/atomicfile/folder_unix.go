//go:build unix

package atomicfile

import (
	"errors"
	"fmt"
	"os"
)

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
