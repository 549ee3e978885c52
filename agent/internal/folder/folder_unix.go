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
	if owner, ok := closed(info); !ok || owner != os.Geteuid() {
		return fmt.Errorf("%s: %w", path, ErrForeign)
	}
	if info.Mode().Perm() == mode {
		return nil
	}
	return os.Chmod(path, mode) // the umask, or a package that made it readable
}

// Trusted tells whether there is a file that root or whoever runs us owns, and to
// which nobody else can write.
func Trusted(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	owner, ok := closed(info)
	return ok && (owner == 0 || owner == os.Geteuid())
}

// closed gives the owner, and whether nobody else can write.
func closed(info fs.FileInfo) (owner int, ok bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), info.Mode().Perm()&0o022 == 0
}
