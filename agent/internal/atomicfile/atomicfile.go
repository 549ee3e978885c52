// Package atomicfile replaces a file so that a crash leaves the old content or
// the new, never a part: temporary file beside it, sync, rename, sync of the
// folder. Modes are Unix permission bits; Windows keeps the folder's rights.
package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Write replaces the file at path. When it returns nil the content has been
// through fsync.
func Write(path string, content []byte, mode os.FileMode) error {
	// One fixed name: a crash leaves at most one of them, and the next write
	// takes it away.
	temporary := path + ".osiris-new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = f.Write(content)
	err = errors.Join(err, Permit(f, mode), f.Sync(), f.Close())
	if err == nil {
		err = rename(temporary, path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, errors.Join(err, os.Remove(temporary)))
	}
	return SyncFolder(filepath.Dir(path))
}

// rename moves a file over another. On Windows that is refused while anybody
// reads the other, which lasts a moment.
func rename(from, to string) error {
	err := os.Rename(from, to)
	for try := 0; err != nil && runtime.GOOS == "windows" && try < 20; try++ {
		time.Sleep(10 * time.Millisecond)
		err = os.Rename(from, to)
	}
	return err
}

// Size is that of a file. It opens the file, which the agent can do with all of
// its own: os.Stat links 6 KB on Windows.
func Size(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	info, err := f.Stat()
	_ = f.Close() // nothing was written
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Remove deletes the file at path durably; a file that is not there is no error.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return SyncFolder(filepath.Dir(path))
}
