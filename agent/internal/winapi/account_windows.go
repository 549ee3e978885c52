package winapi

import (
	"errors"
	"syscall"
	"unsafe"
)

// accountDisabled is UF_ACCOUNTDISABLE.
const accountDisabled = 0x0002

// modals0 is USER_MODALS_INFO_0, modals2 USER_MODALS_INFO_2, modals3
// USER_MODALS_INFO_3.
type (
	modals0 struct{ minLength, maxAge, minAge, forceLogoff, history uint32 }
	modals2 struct {
		domain *uint16
		sid    *syscall.SID
	}
	modals3 struct{ duration, window, threshold uint32 }
)

// PasswordModals reads the password rules (NetUserModalsGet level 0).
func PasswordModals() (m Modals, err error) {
	p, err := modals(0)
	if err == nil {
		got := (*modals0)(p)
		m = Modals{MinLength: got.minLength, History: got.history, MaxAge: got.maxAge, MinAge: got.minAge}
		freeNet(p)
	}
	return m, err
}

// LockoutModals reads the lockout rules (NetUserModalsGet level 3).
func LockoutModals() (l Lockout, err error) {
	p, err := modals(3)
	if err == nil {
		got := (*modals3)(p)
		l = Lockout{Threshold: got.threshold, Duration: got.duration, Window: got.window}
		freeNet(p)
	}
	return l, err
}

// modals gives a level's structure, for freeNet.
func modals(level uintptr) (unsafe.Pointer, error) {
	var answer unsafe.Pointer
	err := try(givesCode, netapi32, "NetUserModalsGet", "", 0, level, uintptr(unsafe.Pointer(&answer)))
	if err == nil && answer == nil {
		err = fail("NetUserModalsGet", "", TooMuch)
	}
	return answer, err
}

func freeNet(p unsafe.Pointer) { _, _ = call(netapi32, "NetApiBufferFree", uintptr(p)) }

// MachineSID is the SID of the local account database; on a domain controller that
// is the domain's.
func MachineSID() (string, error) {
	p, err := modals(2)
	if err != nil {
		return "", err
	}
	sid := unsafe.Pointer((*modals2)(p).sid)
	text := sidText(unsafe.Slice((*byte)(sid), 8+4*int(*(*byte)(unsafe.Add(sid, 1)))))
	freeNet(p)
	return text, nil
}

// Account501 finds the guest account of the local account database, whatever
// its name; on a domain controller that is the domain's.
func Account501() (name string, disabled bool, err error) {
	p, err := modals(2)
	if err != nil {
		return "", false, err
	}
	name, err = accountOf((*modals2)(p).sid, 501)
	freeNet(p)
	if err != nil {
		return "", false, err
	}
	flags, err := accountFlags(name)
	if errors.Is(err, ErrNotExist) {
		// The account has a name, so it is there; its state could not be read.
		err = fail("NetUserGetInfo", name, 1317) // ERROR_NO_SUCH_USER
	}
	return name, flags&accountDisabled != 0, err
}

// accountOf names the account that has this number in a domain.
func accountOf(domain *syscall.SID, number uint32) (string, error) {
	// SID: revision, count of numbers, 6 bytes of authority, the numbers.
	var sid [68]byte
	n, code := call(advapi32, "GetLengthSid", uintptr(unsafe.Pointer(domain)))
	if n < 8 || n+4 > uintptr(len(sid)) {
		return "", fail("GetLengthSid", "", code|1337) // ERROR_INVALID_SID
	}
	copy(sid[:n], unsafe.Slice((*byte)(unsafe.Pointer(domain)), n))
	sid[1]++
	*(*uint32)(unsafe.Pointer(&sid[n])) = number
	// Names of accounts and domains have at most 256 characters (lmcons.h).
	var name, other [257]uint16
	size, use := [2]uint32{257, 257}, uint32(0)
	err := try(givesBool, advapi32, "LookupAccountSidW", "the guest account", 0, uintptr(unsafe.Pointer(&sid)), uintptr(unsafe.Pointer(&name)),
		uintptr(unsafe.Pointer(&size[0])), uintptr(unsafe.Pointer(&other)), uintptr(unsafe.Pointer(&size[1])), uintptr(unsafe.Pointer(&use)))
	return syscall.UTF16ToString(name[:]), err
}

// userInfo1 is USER_INFO_1.
type userInfo1 struct {
	name, password *uint16
	age, privilege uint32
	home, comment  *uint16
	flags          uint32
	script         *uint16
}

func accountFlags(name string) (flags uint32, err error) {
	var answer unsafe.Pointer
	err = try(givesCode, netapi32, "NetUserGetInfo", name, 0, uintptr(unsafe.Pointer(wide(name))), 1, uintptr(unsafe.Pointer(&answer)))
	if err == nil {
		flags = (*userInfo1)(answer).flags
		freeNet(answer)
	}
	return flags, err
}

// DisableAccount disables a local account.
func DisableAccount(name string) error { return setDisabled(name, accountDisabled) }

// EnableAccount enables a local account.
func EnableAccount(name string) error { return setDisabled(name, 0) }

func setDisabled(name string, bit uint32) error {
	flags, err := accountFlags(name)
	if err != nil {
		return err
	}
	flags = flags&^accountDisabled | bit // USER_INFO_1008
	var parameter uint32
	return try(givesCode, netapi32, "NetUserSetInfo", name, 0, uintptr(unsafe.Pointer(wide(name))), 1008, uintptr(unsafe.Pointer(&flags)), uintptr(unsafe.Pointer(&parameter)))
}
