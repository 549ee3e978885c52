package probe

import (
	"syscall"
	"unsafe"

	"github.com/osiriscare/osiris/agent/internal/native"
	"github.com/osiriscare/osiris/agent/internal/wire"
)

func (p *Probe) fillHost(h *wire.HostFacts) {
	if version, err := syscall.Sysctl("kern.osproductversion"); err == nil {
		h.OSVersion = "macOS " + version
	}
	h.MachineGUID = hardwareUUID()
}

// hardwareUUID is what System Information calls so and ioreg IOPlatformUUID; the
// sysctl kern.uuid is the kernel's and the same on many Macs. gethostuuid(2) waits
// as long as it is told to, read 2026-11-22.
func hardwareUUID() string {
	library, err := native.Load("/usr/lib/libSystem.B.dylib")
	if err != nil {
		return ""
	}
	f, err := library.Symbol("gethostuuid")
	if err != nil {
		return ""
	}
	id, wait := new([16]byte), &syscall.Timespec{Sec: 2}
	if int32(native.Call(f, uintptr(unsafe.Pointer(id)), uintptr(unsafe.Pointer(wait)))) != 0 { //nolint:gosec // a C int has 32 bits
		return ""
	}
	return uuid(uuidText(id))
}
