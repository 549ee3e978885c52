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
func PasswordModals() (Modals, error) {
	var m Modals
	err := modals(0, func(p unsafe.Pointer) error {
		got := (*modals0)(p)
		m = Modals{MinLength: got.minLength, History: got.history, MaxAge: got.maxAge, MinAge: got.minAge}
		return nil
	})
	return m, err
}

// LockoutModals reads the lockout rules (NetUserModalsGet level 3).
func LockoutModals() (Lockout, error) {
	var l Lockout
	err := modals(3, func(p unsafe.Pointer) error {
		got := (*modals3)(p)
		l = Lockout{Threshold: got.threshold, Duration: got.duration, Window: got.window}
		return nil
	})
	return l, err
}

func modals(level uintptr, use func(unsafe.Pointer) error) error {
	var answer unsafe.Pointer
	r, code := call(netapi32, "NetUserModalsGet", 0, level, uintptr(unsafe.Pointer(&answer)))
	if code = result(r, code); code != 0 {
		return fail("NetUserModalsGet", "", code)
	}
	if answer == nil {
		return fail("NetUserModalsGet", "", TooMuch)
	}
	defer call(netapi32, "NetApiBufferFree", uintptr(answer))
	return use(answer)
}

// Account501 finds the guest account of the local account database, whatever
// its name; on a domain controller that is the domain's.
func Account501() (name string, disabled bool, err error) {
	err = modals(2, func(p unsafe.Pointer) error {
		name, err = accountOf((*modals2)(p).sid, 501)
		return err
	})
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
	name, _, _, err := (*syscall.SID)(unsafe.Pointer(&sid)).LookupAccount("")
	return name, fail("LookupAccountSid", "the guest account", errno(err))
}

// userInfo1 is USER_INFO_1.
type userInfo1 struct {
	name, password *uint16
	age, privilege uint32
	home, comment  *uint16
	flags          uint32
	script         *uint16
}

func accountFlags(name string) (uint32, error) {
	var answer *byte
	if err := syscall.NetUserGetInfo(nil, wide(name), 1, &answer); err != nil {
		return 0, fail("NetUserGetInfo", name, errno(err))
	}
	defer syscall.NetApiBufferFree(answer) //nolint:errcheck // it was read
	return (*userInfo1)(unsafe.Pointer(answer)).flags, nil
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
	r, code := call(netapi32, "NetUserSetInfo", 0, uintptr(unsafe.Pointer(wide(name))), 1008, uintptr(unsafe.Pointer(&flags)), uintptr(unsafe.Pointer(&parameter)))
	return fail("NetUserSetInfo", name, result(r, code))
}
