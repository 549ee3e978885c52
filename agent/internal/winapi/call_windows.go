package winapi

import "syscall"

// Known DLLs, and those that package syscall loads from System32, are never
// taken from our folder or the working directory.
var (
	advapi32 = syscall.NewLazyDLL("advapi32.dll")
	kernel32 = syscall.NewLazyDLL("kernel32.dll")
	netapi32 = syscall.NewLazyDLL("netapi32.dll")
	ole32    = syscall.NewLazyDLL("ole32.dll")
	oleaut32 = syscall.NewLazyDLL("oleaut32.dll")
)

// call calls a function of Windows and gives its result and the last error. A
// function that this Windows lacks is an error, not a panic. Pointers are
// converted in the call itself, so that what they point to stays where it is.
//
//go:uintptrescapes
func call(dll *syscall.LazyDLL, name string, args ...uintptr) (uintptr, Code) {
	proc := dll.NewProc(name)
	if proc.Find() != nil {
		return 0, Missing
	}
	r, _, last := syscall.SyscallN(proc.Addr(), args...)
	return r, Code(last)
}

// errno is the code of an error of package syscall.
func errno(err error) Code {
	if err == nil {
		return 0
	}
	if e, ok := err.(syscall.Errno); ok { //nolint:errorlint // syscall does not wrap
		return Code(e)
	}
	return 87 // ERROR_INVALID_PARAMETER: a string with a NUL
}

// wide gives a NUL-terminated string, cut at the first NUL.
func wide(text string) *uint16 {
	for i := range len(text) {
		if text[i] == 0 {
			text = text[:i]
			break
		}
	}
	p, err := syscall.UTF16PtrFromString(text)
	if err != nil {
		return new(uint16)
	}
	return p
}
