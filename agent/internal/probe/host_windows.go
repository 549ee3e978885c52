package probe

import (
	"strconv"
	"syscall"
	"unsafe"

	"github.com/osiriscare/osiris/agent/internal/wire"
)

var rtlGetNtVersionNumbers = syscall.NewLazyDLL("ntdll.dll").NewProc("RtlGetNtVersionNumbers")

func (p *Probe) fillHost(h *wire.HostFacts) {
	// GetVersionEx lies to programs without a manifest; this one does not.
	if rtlGetNtVersionNumbers.Find() == nil {
		var major, minor, build uint32
		rtlGetNtVersionNumbers.Call(uintptr(unsafe.Pointer(&major)), uintptr(unsafe.Pointer(&minor)), //nolint:errcheck // has no result
			uintptr(unsafe.Pointer(&build)))
		h.OSVersion = "Windows " + strconv.Itoa(int(major)) + "." + strconv.Itoa(int(minor)) + "." + strconv.Itoa(int(build&0xffff))
	}
	h.MachineGUID = machineGUID()
}

// machineGUID is HKLM\SOFTWARE\Microsoft\Cryptography\MachineGuid.
func machineGUID() string {
	path, err := syscall.UTF16PtrFromString(`SOFTWARE\Microsoft\Cryptography`)
	if err != nil {
		return ""
	}
	name, err := syscall.UTF16PtrFromString("MachineGuid")
	if err != nil {
		return ""
	}
	const wow64Key64 = 0x0100 // the 64-bit view
	var key syscall.Handle
	if syscall.RegOpenKeyEx(syscall.HKEY_LOCAL_MACHINE, path, 0, syscall.KEY_READ|wow64Key64, &key) != nil {
		return ""
	}
	defer syscall.RegCloseKey(key) //nolint:errcheck // only read
	var kind uint32
	var text [64]uint16
	n := uint32(len(text) * 2)
	if syscall.RegQueryValueEx(key, name, nil, &kind, (*byte)(unsafe.Pointer(&text[0])), &n) != nil || kind != syscall.REG_SZ {
		return ""
	}
	return syscall.UTF16ToString(text[:])
}
