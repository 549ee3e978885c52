//go:build darwin || (linux && amd64 && !cgo)

package native

import (
	"runtime"
	"unsafe"
)

// Addresses of the C library's own functions, set in assembly.
var dlopenAddr, dlsymAddr uintptr

// rtldNow resolves every symbol at once, so that what is missing is found here.
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
