package folder

import (
	"fmt"
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
		if flags&(syscall.FILE_ATTRIBUTE_DIRECTORY|syscall.FILE_ATTRIBUTE_REPARSE_POINT) != syscall.FILE_ATTRIBUTE_DIRECTORY {
			return fmt.Errorf("%s: %w", path, ErrForeign)
		}
		err = takeOver(path, name, rights)
	}
	if err != nil {
		return fmt.Errorf("making %s, which takes an administrator: %w", path, err)
	}
	return nil
}

// takeOver gives a folder that is there the rights, if nobody else can have put
// anything in: it was closed, or is empty, or all in it is closed.
func takeOver(path string, name *uint16, rights *byte) error {
	us := ourSID()
	before := describe(path)
	if isClosed(before, us) || isAdmin(ownerOf(before), us) && !planted(path, us) {
		return set(name, rights)
	}
	return ErrForeign
}

// planted tells whether something in the folder is not closed, or cannot be seen.
// os.ReadDir would link 20 KB.
func planted(path, us string) bool {
	pattern, _ := syscall.UTF16PtrFromString(path + `\*`) // path was one before
	var found syscall.Win32finddata
	h, err := syscall.FindFirstFile(pattern, &found)
	if err != nil {
		return true
	}
	for err == nil {
		name := syscall.UTF16ToString(found.FileName[:])
		if name != "." && name != ".." && !isClosed(describe(path+`\`+name), us) {
			break
		}
		err = syscall.FindNextFile(h, &found)
	}
	_ = syscall.FindClose(h) // nothing was written
	return err != syscall.ERROR_NO_MORE_FILES
}

// Trusted tells whether there is a file that an administrator or whoever runs us
// owns, and to which nobody else can write.
func Trusted(path string) bool { return isClosed(describe(path), ourSID()) }

// describe gives owner and rights of a file or folder, empty when Windows does
// not tell.
func describe(path string) []byte {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil
	}
	buffer := make([]byte, 8<<10)
	var size uint32
	if call("GetFileSecurityW", uintptr(unsafe.Pointer(name)), ownerPart|rightsPart, uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer)), uintptr(unsafe.Pointer(&size))) == 0 {
		return nil
	}
	return buffer
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

// ourSID is who runs us: Windows can be set to make an administrator's own
// account the owner of what it makes.
func ourSID() string {
	const (
		query   = 8 // TOKEN_QUERY
		user    = 1 // TokenUser
		current = ^uintptr(0)
	)
	var token, size uintptr // the handle ends with the process
	var us [128]byte        // TOKEN_USER: pointer and attributes, then the SID, which has at most 68 bytes
	if call("OpenProcessToken", current, query, uintptr(unsafe.Pointer(&token))) == 0 ||
		call("GetTokenInformation", token, user, uintptr(unsafe.Pointer(&us)), unsafe.Sizeof(us), uintptr(unsafe.Pointer(&size))) == 0 {
		return "\x00" // nobody
	}
	return sidAt(us[:], int(2*unsafe.Sizeof(token)))
}
