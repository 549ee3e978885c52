package probe

import (
	"context"
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

// drives lists the letters in use, that of the system first.
func (*windowsSystem) drives(ctx context.Context) ([]drive, error) {
	system := os.Getenv("SystemDrive")
	if len(system) != 2 {
		system = "C:"
	}
	drives := []drive{{name: system, kind: driveFixed}}
	mask, _, err := getLogicalDrives.Call()
	if mask == 0 {
		return nil, err
	}
	for i := range 26 {
		name := string([]byte{byte('A' + i), ':'})
		if mask>>i&1 == 1 && name != system {
			drives = append(drives, drive{name: name})
		}
	}
	for i := range drives {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := drives[i].look(); err != nil && i == 0 {
			return nil, &os.PathError{Op: "GetDiskFreeSpaceEx", Path: system, Err: err}
		}
	}
	return drives, nil
}

// look fills in what is behind the letter. The error is that of the size. Network
// drives are not asked for it: a server that is away hangs the asker.
func (d *drive) look() error {
	root, err := syscall.UTF16PtrFromString(d.name + `\`)
	if err != nil {
		return err
	}
	if d.kind != driveFixed {
		kind, _, _ := getDriveType.Call(uintptr(unsafe.Pointer(root)))
		if d.kind = uint32(kind); kind != driveFixed {
			return nil
		}
		d.bus = busOf(d.name)
	}
	ok, _, err := getDiskFreeSpaceEx.Call(uintptr(unsafe.Pointer(root)),
		uintptr(unsafe.Pointer(&d.size.free)), uintptr(unsafe.Pointer(&d.size.total)), 0)
	if ok == 0 {
		d.size = size{}
		return err
	}
	return nil
}

// busOf asks how the disk behind a letter is connected (STORAGE_DEVICE_DESCRIPTOR
// of winioctl.h; no rights are needed to ask). 0 is "cannot tell": such a disk
// counts.
func busOf(name string) uint32 {
	path, err := syscall.UTF16PtrFromString(`\\.\` + name)
	if err != nil {
		return 0
	}
	h, err := syscall.CreateFile(path, 0, syscall.FILE_SHARE_READ|syscall.FILE_SHARE_WRITE, nil, syscall.OPEN_EXISTING, 0, 0)
	if err != nil {
		return 0
	}
	defer syscall.CloseHandle(h) //nolint:errcheck // only asked
	const (
		queryProperty = 0x2d1400 // IOCTL_STORAGE_QUERY_PROPERTY
		busTypeAt     = 7        // in words of 4 bytes
	)
	var query [3]uint32 // StorageDeviceProperty, PropertyStandardQuery
	var answer [256]uint32
	var n uint32
	err = syscall.DeviceIoControl(h, queryProperty, (*byte)(unsafe.Pointer(&query)), uint32(unsafe.Sizeof(query)),
		(*byte)(unsafe.Pointer(&answer)), uint32(unsafe.Sizeof(answer)), &n, nil)
	if err != nil || n < (busTypeAt+1)*4 {
		return 0
	}
	return answer[busTypeAt]
}
