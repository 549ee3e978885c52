package service

import (
	"fmt"
	"syscall"
	"unsafe"
)

// advapi32 is a known DLL, never taken from our folder.
var advapi32 = syscall.NewLazyDLL("advapi32.dll")

// call calls a function that gives 0 when it fails, and then says why.
//
//go:uintptrescapes
func call(name string, args ...uintptr) (uintptr, error) {
	proc := advapi32.NewProc(name)
	if err := proc.Find(); err != nil {
		return 0, err
	}
	r, _, last := syscall.SyscallN(proc.Addr(), args...)
	if r == 0 {
		return 0, fmt.Errorf("calling %s: %w", name, last)
	}
	return r, nil
}

// wide gives a NUL-terminated string; none of ours has a NUL inside.
func wide(text string) unsafe.Pointer {
	p, err := syscall.UTF16PtrFromString(text)
	if err != nil {
		return nil
	}
	return unsafe.Pointer(p)
}
