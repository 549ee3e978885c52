package native

import (
	"syscall"
	_ "unsafe" // for linkname
)

// maxArguments is how many a function can take.
const maxArguments = 6

// On macOS every Go thread is a thread of libSystem, and the runtime calls its
// functions all the time: what golang.org/x/sys/unix does for one more function
// of libSystem, this does for dlopen and dlsym.

//go:cgo_import_dynamic libc_dlopen dlopen "/usr/lib/libSystem.B.dylib"
//go:cgo_import_dynamic libc_dlsym dlsym "/usr/lib/libSystem.B.dylib"

// syscall6X calls a function on the thread's own stack; package syscall keeps the
// name for golang.org/x/sys ("Do not remove or change the type signature").
//
//go:linkname syscall6X syscall.syscall6X
func syscall6X(fn, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err syscall.Errno)

// Call calls the function at fn.
//
//go:uintptrescapes
func Call(fn uintptr, args ...uintptr) uintptr {
	var a [maxArguments]uintptr
	copy(a[:], args)
	result, _, _ := syscall6X(fn, a[0], a[1], a[2], a[3], a[4], a[5])
	return result
}
