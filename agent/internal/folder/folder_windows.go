package folder

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"
)

// Rights in SDDL: owner Administrators; a protected list, inherited by folders
// and files, with full control for LocalSystem and Administrators; in readable
// also reading and running for Users.
const (
	closed   = "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
	readable = closed + "(A;OICI;0x1200a9;;;BU)"
)

// Private makes the folder, or checks it and sets its rights.
func Private(path string) error { return secure(path, closed) }

// Shared makes the folder, or checks it and sets its rights; others may read.
func Shared(path string) error { return secure(path, readable) }

var advapi32 = syscall.NewLazyDLL("advapi32.dll")

//go:uintptrescapes
func call(name string, args ...uintptr) uintptr {
	proc := advapi32.NewProc(name)
	if proc.Find() != nil {
		return 0
	}
	r, _, _ := syscall.SyscallN(proc.Addr(), args...)
	return r
}

func secure(path, sddl string) error {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	text, err := syscall.UTF16PtrFromString(sddl)
	if err != nil {
		return err
	}
	var rights *byte   // about 100 bytes that are never freed
	const revision = 1 // SDDL_REVISION_1
	call("ConvertStringSecurityDescriptorToSecurityDescriptorW", uintptr(unsafe.Pointer(text)), revision, uintptr(unsafe.Pointer(&rights)), 0)
	attributes := syscall.SecurityAttributes{Length: uint32(unsafe.Sizeof(syscall.SecurityAttributes{})), SecurityDescriptor: uintptr(unsafe.Pointer(rights))}
	err = syscall.CreateDirectory(name, &attributes)
	if err == syscall.ERROR_ALREADY_EXISTS { //nolint:errorlint // syscall does not wrap
		// A junction would have us work in a folder that somebody else chose.
		flags, _ := syscall.GetFileAttributes(name)
		if flags&(syscall.FILE_ATTRIBUTE_DIRECTORY|syscall.FILE_ATTRIBUTE_REPARSE_POINT) != syscall.FILE_ATTRIBUTE_DIRECTORY || !trusted(name) {
			return fmt.Errorf("%s: %w", path, ErrForeign)
		}
		err = set(name, rights)
	}
	if err != nil {
		return fmt.Errorf("making %s, which takes an administrator: %w", path, err)
	}
	return nil
}

// Parts of a security descriptor (winnt.h) and the kind of object (accctrl.h).
const (
	fileObject = 1
	ownerPart  = 1
	rightsPart = 4
	protected  = 0x80000000
)

// set gives an existing folder the owner and the rights.
func set(name *uint16, rights *byte) error {
	var owner, list uintptr
	var flag uint32
	out := uintptr(unsafe.Pointer(rights))
	call("GetSecurityDescriptorOwner", out, uintptr(unsafe.Pointer(&owner)), uintptr(unsafe.Pointer(&flag)))
	call("GetSecurityDescriptorDacl", out, uintptr(unsafe.Pointer(&flag)), uintptr(unsafe.Pointer(&list)), uintptr(unsafe.Pointer(&flag)))
	if list == 0 {
		return syscall.EINVAL // no list would mean that everybody may do everything
	}
	if code := call("SetNamedSecurityInfoW", uintptr(unsafe.Pointer(name)), fileObject, ownerPart|rightsPart|protected, owner, 0, list, 0); code != 0 {
		return syscall.Errno(code)
	}
	return nil
}

// trusted tells whether the folder's owner is LocalSystem, the Administrators,
// or whoever runs us: Windows can be set to make an administrator's own account
// the owner of what it makes.
func trusted(name *uint16) bool {
	const (
		localSystem    = 22 // WELL_KNOWN_SID_TYPE
		administrators = 26
		query          = 8 // TOKEN_QUERY
		user           = 1 // TokenUser
		current        = ^uintptr(0)
	)
	var owner, descriptor, token, size uintptr // some bytes are never freed
	code := call("GetNamedSecurityInfoW", uintptr(unsafe.Pointer(name)), fileObject, ownerPart, uintptr(unsafe.Pointer(&owner)), 0, 0, 0, uintptr(unsafe.Pointer(&descriptor)))
	if code != 0 || owner == 0 {
		return false
	}
	if call("IsWellKnownSid", owner, localSystem) != 0 || call("IsWellKnownSid", owner, administrators) != 0 {
		return true
	}
	var us [16]uintptr // TOKEN_USER: a pointer to the SID behind it, which has at most 68 bytes
	same := call("OpenProcessToken", current, query, uintptr(unsafe.Pointer(&token))) != 0 &&
		call("GetTokenInformation", token, user, uintptr(unsafe.Pointer(&us)), unsafe.Sizeof(us), uintptr(unsafe.Pointer(&size))) != 0 &&
		call("EqualSid", owner, us[0]) != 0
	runtime.KeepAlive(&us)
	return same
}
