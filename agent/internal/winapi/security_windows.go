package winapi

import (
	"syscall"
	"unsafe"
)

// Providers and states of SecurityHealth (wscapi.h).
const (
	SecurityFirewall  = 1
	SecurityAntivirus = 4

	SecurityGood         = 0
	SecurityNotMonitored = 1
	SecurityPoor         = 2
	SecuritySnoozed      = 3
)

// SecurityHealth asks the Security Center what it thinks of a kind of provider.
// Windows Server has none: the code is then Missing. While the service does not
// run, the code is 1 (S_FALSE).
func SecurityHealth(provider uint32) (uint32, error) {
	var path [syscall.MAX_PATH]uint16
	n, code := call(Kernel32, "GetSystemDirectoryW", uintptr(unsafe.Pointer(&path[0])), uintptr(len(path)))
	if n == 0 || n >= uintptr(len(path)) {
		return 0, fail("GetSystemDirectory", "", code|Missing)
	}
	// The full path, because wscapi.dll is not one of the known DLLs.
	dll := &syscall.LazyDLL{Name: syscall.UTF16ToString(path[:n]) + `\wscapi.dll`}
	var health uint32
	r, code := call(dll, "WscGetSecurityProviderHealth", uintptr(provider), uintptr(unsafe.Pointer(&health)))
	if code != Missing {
		code = Code(uint32(r)) // S_FALSE is told
	}
	return health, fail("WscGetSecurityProviderHealth", "", code)
}
