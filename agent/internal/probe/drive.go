package probe

import (
	"context"

	"github.com/osiriscare/osiris/shared/check"
)

// drive is a letter of Windows and what is behind it.
type drive struct {
	_    [0]func() // no comparison: the compiler would write one, 400 bytes
	name string    // C:
	kind uint32    // of GetDriveType
	bus  uint32    // STORAGE_BUS_TYPE; 0 where it is not known
	size size      // nothing where it could not be read, as on a locked volume
}

// driveFixed is DRIVE_FIXED of fileapi.h: not removable, network or optical.
const driveFixed = 3

// busUSB is BusTypeUsb of ntddstor.h: Windows calls a disk in a USB case fixed.
const busUSB = 7

// readDrives gives the volumes of this machine's own disks, the system's first.
func (m *machine) readDrives(ctx context.Context, facts *check.Facts) error {
	drives, err := m.provider.drives(ctx)
	for i := range drives {
		d := &drives[i]
		if i > 0 && (d.kind != driveFixed || d.bus == busUSB) {
			continue
		}
		m.volumes.add(facts, d.name, &d.size)
	}
	return err
}
