//go:build linux && (cgo || !amd64)

package native

// Where the agent is not released, or has bytes to spare: with cgo, which only
// tests with the race detector use, and on processors that we could not try.

import "github.com/ebitengine/purego"

// Load loads a library by name or path.
func Load(name string) (Library, error) {
	handle, err := purego.Dlopen(name, purego.RTLD_NOW)
	if err != nil {
		return 0, ErrLibrary
	}
	return Library(handle), nil
}

// Symbol is the address of one of its functions.
func (l Library) Symbol(name string) (uintptr, error) {
	address, err := purego.Dlsym(uintptr(l), name)
	if err != nil {
		return 0, ErrSymbol
	}
	return address, nil
}

// Call calls the function at fn.
//
//go:uintptrescapes
func Call(fn uintptr, args ...uintptr) uintptr {
	result, _, _ := purego.SyscallN(fn, args...)
	return result
}
