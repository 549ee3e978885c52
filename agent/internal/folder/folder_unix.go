//go:build unix

package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Private makes the folder, or checks it.
func Private(path string) error { return secure(path, 0o700) }

// Shared makes the folder, or checks it; others may read.
func Shared(path string) error { return secure(path, 0o755) }

func secure(path string, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making %s: %w", path, err)
	}
	err := os.Mkdir(path, mode)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("making %s: %w", path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("looking at %s: %w", path, err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(owner.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s: %w", path, ErrForeign)
	}
	if info.Mode().Perm() != mode {
		// The umask, or a package that made it readable.
		if err := os.Chmod(path, mode); err != nil {
			return fmt.Errorf("closing %s: %w", path, err)
		}
	}
	return nil
}
