package probe

import (
	"context"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/check"
)

// identity is the reading that says which machine this is; it is no check.
const identity check.ID = "identity"

// identityLimit is how long a session waits for it. A domain controller that is
// there answers within a second; one that is not shall not keep an agent silent.
const identityLimit = 5 * time.Second

// hostname is what os.Hostname gives, in half of its bytes.
func hostname() string { return nameOf(winapi.Kernel32, "GetComputerNameExW", 5) } // ComputerNamePhysicalDnsHostname

// nameOf calls one of the functions that give a name of the computer in a format.
// It is empty where there is none: GetComputerObjectNameW knows none outside a
// domain, and may wait for a domain controller.
func nameOf(dll *syscall.LazyDLL, function string, format uintptr) string {
	name, n := new([256]uint16), uint32(256)
	winapi.Call(dll, function, format, uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&n)))
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
	h.Domain = nameOf(winapi.Kernel32, "GetComputerNameExW", 6) // ComputerNamePhysicalDnsDomain
	ctx, cancel := context.WithTimeout(context.Background(), identityLimit)
	p.Read(ctx, identity)
	cancel()
	p.machine.tell(h)
}
