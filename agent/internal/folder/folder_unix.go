//go:build unix

package folder

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Private makes the folder, or checks it.
func Private(path string) error { return secure(path, 0o700) }

// Shared makes the folder, or checks it; others may read.
func Shared(path string) error { return secure(path, 0o755) }

func secure(path string, mode fs.FileMode) error {
	if err := os.MkdirAll(path, mode); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s: %w", path, ErrForeign)
	}
	if info.Mode().Perm() == mode {
		return nil
	}
	return os.Chmod(path, mode) // the umask, or a package that made it readable
}
