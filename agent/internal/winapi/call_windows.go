package winapi

import "syscall"

// Known DLLs, and those that package syscall loads from System32, are never
// taken from our folder or the working directory.
var (
	Kernel32 = &syscall.LazyDLL{Name: "kernel32.dll"}
	Ntdll    = &syscall.LazyDLL{Name: "ntdll.dll"}
	Secur32  = &syscall.LazyDLL{Name: "secur32.dll"}

	advapi32 = &syscall.LazyDLL{Name: "advapi32.dll"}
	netapi32 = &syscall.LazyDLL{Name: "netapi32.dll"}
	ole32    = &syscall.LazyDLL{Name: "ole32.dll"}
	oleaut32 = &syscall.LazyDLL{Name: "oleaut32.dll"}
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

// Call is call for others.
//
//go:uintptrescapes
func Call(dll *syscall.LazyDLL, name string, args ...uintptr) (uintptr, Code) {
	return call(dll, name, args...)
}

// What a function returns.
const (
	givesHRESULT = iota
	givesCode
	givesBool
)

// try calls a function and gives the error of what it returned.
//
//go:uintptrescapes
func try(gives int, dll *syscall.LazyDLL, name, object string, args ...uintptr) error {
	r, code := call(dll, name, args...)
	switch {
	case code == Missing:
	case gives == givesHRESULT:
		if code = Code(uint32(r)); !code.failed() {
			code = 0
		}
	case gives == givesCode:
		code = Code(r)
	case byte(r) != 0: // a BOOLEAN has one byte
		code = 0
	case code == 0:
		code = 31 // ERROR_GEN_FAILURE: it failed and did not say why
	}
	return fail(name, object, code)
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

// Wide is wide for others.
func Wide(text string) *uint16 { return wide(text) }

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
