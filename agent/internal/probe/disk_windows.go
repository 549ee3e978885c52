package probe

import (
	"os"
	"syscall"
	"unsafe"
)

var (
	kernel32           = syscall.NewLazyDLL("kernel32.dll") // a known DLL: never from our folder
	getLogicalDrives   = kernel32.NewProc("GetLogicalDrives")
	getDriveType       = kernel32.NewProc("GetDriveTypeW")
	getDiskFreeSpaceEx = kernel32.NewProc("GetDiskFreeSpaceExW")
)

// driveFixed is DRIVE_FIXED of fileapi.h: not removable, network or optical.
const driveFixed = 3

func (p *Probe) volumes() ([]string, error) {
	system := os.Getenv("SystemDrive")
	if len(system) != 2 {
		system = "C:"
	}
	volumes := []string{system}
	mask, _, err := getLogicalDrives.Call()
	if mask == 0 {
		return nil, err
	}
	for i := range 26 {
		drive := string(rune('A'+i)) + ":"
		if mask>>i&1 == 0 || drive == system {
			continue
		}
		root, err := syscall.UTF16PtrFromString(drive + `\`)
		if err != nil {
			return nil, err
		}
		if kind, _, _ := getDriveType.Call(uintptr(unsafe.Pointer(root))); kind == driveFixed {
			volumes = append(volumes, drive)
		}
	}
	return volumes, nil
}

func volumeSize(drive string) (size, error) {
	root, err := syscall.UTF16PtrFromString(drive + `\`)
	if err != nil {
		return size{}, err
	}
	var s size
	ok, _, err := getDiskFreeSpaceEx.Call(uintptr(unsafe.Pointer(root)),
		uintptr(unsafe.Pointer(&s.free)), uintptr(unsafe.Pointer(&s.total)), 0)
	if ok == 0 {
		return size{}, &os.PathError{Op: "GetDiskFreeSpaceEx", Path: drive, Err: err}
	}
	return s, nil
}
