//go:build !cgo

package native

import "unsafe"

// maxArguments is how many a function can take.
const maxArguments = 6

// On Linux the Go runtime makes its own threads, which the C library does not
// know: no thread-local storage, no errno, no malloc. Package runtime/cgo changes
// that with C code; this is the same in assembly, as much as a program needs that
// calls C and is never called back. The runtime looks for these variables by name
// (runtime/cgo.go, runtime/proc.go of Go 1.26.8) and then starts every thread with
// pthread_create. What is left out: a change of the environment does not reach
// C, and Setuid and its like do not work.

//go:cgo_import_dynamic native_malloc malloc "libc.so.6"
//go:cgo_import_dynamic native_free free "libc.so.6"
//go:cgo_import_dynamic native_abort abort "libc.so.6"
//go:cgo_import_dynamic native_usleep usleep "libc.so.6"
//go:cgo_import_dynamic native_sigfillset sigfillset "libc.so.6"
//go:cgo_import_dynamic native_pthread_sigmask pthread_sigmask "libpthread.so.0"
//go:cgo_import_dynamic native_pthread_create pthread_create "libpthread.so.0"
//go:cgo_import_dynamic native_pthread_attr_init pthread_attr_init "libpthread.so.0"
//go:cgo_import_dynamic native_pthread_attr_destroy pthread_attr_destroy "libpthread.so.0"
//go:cgo_import_dynamic native_pthread_attr_getstacksize pthread_attr_getstacksize "libpthread.so.0"
//go:cgo_import_dynamic native_pthread_attr_setdetachstate pthread_attr_setdetachstate "libpthread.so.0"
//go:cgo_import_dynamic native_dlopen dlopen "libdl.so.2"
//go:cgo_import_dynamic native_dlsym dlsym "libdl.so.2"

//go:linkname isCgo runtime.iscgo
var isCgo = true

// Functions in native_linux_amd64.s, named here for their addresses.
var (
	//go:linkname initText native_init
	initText byte
	//go:linkname threadStartText native_thread_start
	threadStartText byte
	//go:linkname nothingText native_nothing
	nothingText byte
)

// The runtime's hooks.
var (
	//go:linkname cgoInit _cgo_init
	cgoInit = &initText
	//go:linkname cgoThreadStart _cgo_thread_start
	cgoThreadStart = &threadStartText
	//go:linkname cgoNotifyInitDone _cgo_notify_runtime_init_done
	cgoNotifyInitDone = &nothingText
	//go:linkname cgoSetenv runtime._cgo_setenv
	cgoSetenv = &nothingText
	//go:linkname cgoUnsetenv runtime._cgo_unsetenv
	cgoUnsetenv = &nothingText
	//go:linkname cgoKeyCreated _cgo_pthread_key_created
	cgoKeyCreated = &keyCreated
	//go:linkname setCrosscall2 runtime.set_crosscall2
	setCrosscall2 = func() {}
)

// keyCreated stays 0: no thread of C ever enters Go.
var keyCreated uintptr

// setg is the runtime's function that makes a g the current one of a thread; it
// is given to native_init.
var setg uintptr

// call is one call of a C function, as native_call takes it.
type call struct {
	fn     uintptr
	args   [maxArguments]uintptr
	result uintptr
}

// callAddr is native_call.
var callAddr uintptr

// cgocall runs a C function on the thread's own stack and tells the scheduler.
//
//go:linkname cgocall runtime.cgocall
//go:noescape
func cgocall(fn uintptr, arg unsafe.Pointer) int32

// Call calls the function at fn.
//
//go:uintptrescapes
func Call(fn uintptr, args ...uintptr) uintptr {
	c := call{fn: fn}
	copy(c.args[:], args)
	cgocall(callAddr, unsafe.Pointer(&c))
	return c.result
}
