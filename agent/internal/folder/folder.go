// Package folder makes the agent's folders and keeps everybody but
// administrators out: the data folder holds the device key, the queue and what
// the site signed, and the program's folder what runs as root or LocalSystem.
//
// Private is for the data folder: mode 0700 and the owner that runs us; on
// Windows a protected list of rights with full control for LocalSystem and
// Administrators, inherited by what is inside. Shared is for programs: others
// may read. A folder that somebody else owns, or that others could write to, is
// refused with ErrForeign rather than mended: what lies in it may be planted.
// Standard users may make folders in %ProgramData%, and files in those that an
// administrator makes there, so that is no theory; only what others could not
// have put there is taken over on Windows. Trusted asks the same of a file.
// SetAside makes room for what was damaged.
//
// Sources: learn.microsoft.com (Security Descriptor Definition Language,
// MS-DTYP 2.4.6, File Access Rights Constants), read 2026-11-22.
package folder

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
)

// ErrForeign means that somebody else could have put something into the folder.
var ErrForeign = errors.New("others can write to this, or own it, or something in it; look at what is there, remove it and try again")

// SetAside renames files of a folder, those that are there, to NAME.damaged.
func SetAside(path string, names ...string) error {
	for _, name := range names {
		name = filepath.Join(path, name)
		if err := os.Rename(name, name+".damaged"); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return atomicfile.SyncFolder(path)
}
