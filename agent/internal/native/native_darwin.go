package native

import (
	"runtime"
	"syscall"
	"unsafe"
)

// On macOS every Go thread is a thread of libSystem, and the runtime calls its
// functions all the time: what golang.org/x/sys/unix does for one more function
// of libSystem, this does for dlopen and dlsym.

//go:cgo_import_dynamic libc_dlopen dlopen "/usr/lib/libSystem.B.dylib"
//go:cgo_import_dynamic libc_dlsym dlsym "/usr/lib/libSystem.B.dylib"

// Addresses of the trampolines in native_darwin.s.
var dlopenAddr, dlsymAddr uintptr

// syscall6X calls a function on the thread's own stack; the runtime keeps this
// name for golang.org/x/sys (runtime: "Do not remove or change").
//
//go:linkname syscall6X syscall.syscall6X
func syscall6X(fn, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err syscall.Errno)

const rtldNow = 2

// Load loads a library by name or path.
func Load(name string) (Library, error) {
	text := append([]byte(name), 0)
	handle := Call(dlopenAddr, uintptr(unsafe.Pointer(&text[0])), rtldNow)
	runtime.KeepAlive(text)
	if handle == 0 {
		return 0, ErrLibrary
	}
	return Library(handle), nil
}

// Symbol is the address of one of its functions.
func (l Library) Symbol(name string) (uintptr, error) {
	text := append([]byte(name), 0)
	address := Call(dlsymAddr, uintptr(l), uintptr(unsafe.Pointer(&text[0])))
	runtime.KeepAlive(text)
	if address == 0 {
		return 0, ErrSymbol
	}
	return address, nil
}

// Call calls the function at fn.
//
//go:uintptrescapes
func Call(fn uintptr, args ...uintptr) uintptr {
	var a [maxArguments]uintptr
	copy(a[:], args)
	result, _, _ := syscall6X(fn, a[0], a[1], a[2], a[3], a[4], a[5])
	return result
}
