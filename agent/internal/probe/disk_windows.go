package probe

import (
	"context"
	"os"
	"syscall"
	"unsafe"

	"github.com/osiriscare/osiris/agent/internal/winapi"
)

// drives lists the letters in use, that of the system first.
func (*windowsSystem) drives(ctx context.Context) ([]drive, error) {
	system := os.Getenv("SystemDrive")
	if len(system) != 2 {
		system = "C:"
	}
	drives := make([]drive, 1, 27)
	drives[0].name, drives[0].kind = system, driveFixed
	mask, code := winapi.Call(winapi.Kernel32, "GetLogicalDrives")
	if mask == 0 {
		return nil, code
	}
	for i := range 26 {
		name := string([]byte{byte('A' + i), ':'})
		if mask>>i&1 == 1 && name != system {
			drives = drives[:len(drives)+1]
			drives[len(drives)-1].name = name
		}
	}
	for i := range drives {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if code := drives[i].look(); code != 0 && i == 0 {
			return nil, &winapi.Error{Call: "GetDiskFreeSpaceEx", Object: system, Code: code}
		}
	}
	return drives, nil
}

// look fills in what is behind the letter. The code is that of the size. Network
// drives are not asked for it: a server that is away hangs the asker.
func (d *drive) look() winapi.Code {
	root := winapi.Wide(d.name + `\`)
	if d.kind != driveFixed {
		kind, _ := winapi.Call(winapi.Kernel32, "GetDriveTypeW", uintptr(unsafe.Pointer(root)))
		if d.kind = uint32(kind); kind != driveFixed {
			return 0
		}
		d.bus = busOf(d.name)
	}
	ok, code := winapi.Call(winapi.Kernel32, "GetDiskFreeSpaceExW", uintptr(unsafe.Pointer(root)),
		uintptr(unsafe.Pointer(&d.size.free)), uintptr(unsafe.Pointer(&d.size.total)), 0)
	if ok == 0 {
		d.size = size{}
		return code
	}
	return 0
}

// busOf asks how the disk behind a letter is connected (STORAGE_DEVICE_DESCRIPTOR
// of winioctl.h; no rights are needed to ask). 0 is "cannot tell": such a disk
// counts.
func busOf(name string) uint32 {
	h, err := syscall.CreateFile(winapi.Wide(`\\.\`+name), 0, syscall.FILE_SHARE_READ|syscall.FILE_SHARE_WRITE, nil, syscall.OPEN_EXISTING, 0, 0)
	if err != nil {
		return 0
	}
	const (
		queryProperty = 0x2d1400 // IOCTL_STORAGE_QUERY_PROPERTY
		busTypeAt     = 7        // in words of 4 bytes
	)
	var query [3]uint32 // StorageDeviceProperty, PropertyStandardQuery
	var answer [256]uint32
	var n uint32
	ok, _ := winapi.Call(winapi.Kernel32, "DeviceIoControl", uintptr(h), queryProperty, uintptr(unsafe.Pointer(&query)), unsafe.Sizeof(query),
		uintptr(unsafe.Pointer(&answer)), unsafe.Sizeof(answer), uintptr(unsafe.Pointer(&n)), 0)
	_ = syscall.CloseHandle(h) // only asked
	if ok == 0 || n < (busTypeAt+1)*4 {
		return 0
	}
	return answer[busTypeAt]
}
