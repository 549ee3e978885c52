//go:build unix

package update

import (
	"os"
	"path/filepath"
	"syscall"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
)

// detached takes the process out of our session, whose end would end it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// replace puts a program in the place of another, also of one that runs.
func replace(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return atomicfile.SyncFolder(filepath.Dir(to))
}
