// Package atomicfile replaces a file so that a crash leaves the old content or
// the new, never a part: temporary file beside it, sync, rename, sync of the
// folder. Modes are Unix permission bits; Windows keeps the folder's rights.
package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Write replaces the file at path. When it returns nil the content has been
// through fsync.
func Write(path string, content []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".osiris-new-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return SyncFolder(filepath.Dir(path))
}

// Remove deletes the file at path durably; a file that is not there is no error.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return SyncFolder(filepath.Dir(path))
}
