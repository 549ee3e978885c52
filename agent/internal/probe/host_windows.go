package probe

import (
	"strconv"
	"syscall"
	"unsafe"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/agent/internal/wire"
)

// hostname is what os.Hostname gives, in half of its bytes.
func hostname() string {
	name, n := new([256]uint16), uint32(256)
	const physicalDNSHostname = 5
	winapi.Call(winapi.Kernel32, "GetComputerNameExW", physicalDNSHostname, uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&n)))
	return syscall.UTF16ToString(name[:])
}

func (p *Probe) fillHost(h *wire.HostFacts) {
	// GetVersionEx lies to programs without a manifest; this one does not.
	var version [3]uint32 // major, minor, build
	_, code := winapi.Call(winapi.Ntdll, "RtlGetNtVersionNumbers", uintptr(unsafe.Pointer(&version[0])), uintptr(unsafe.Pointer(&version[1])),
		uintptr(unsafe.Pointer(&version[2])))
	if code != winapi.Missing {
		h.OSVersion = "Windows " + strconv.Itoa(int(version[0])) + "." + strconv.Itoa(int(version[1])) + "." + strconv.Itoa(int(version[2]&0xffff))
	}
	id, err := winapi.RegRead(`HKLM\SOFTWARE\Microsoft\Cryptography`, "MachineGuid")
	if err == nil && id.Kind == winapi.RegString {
		h.MachineGUID = id.Text
	}
}
