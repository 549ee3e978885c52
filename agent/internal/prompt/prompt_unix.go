//go:build linux || darwin

package prompt

import (
	"os"
	"syscall"
	"unsafe"
)

// Terminal tells whether a person may be there.
func Terminal(f *os.File) bool {
	var t syscall.Termios
	return attributes(f, getAttributes, &t) == nil
}

func attributes(f *os.File, request uintptr, t *syscall.Termios) error {
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(t))); e != 0 { //nolint:staticcheck // deprecated on macOS, where it still goes through libSystem
		return e
	}
	return nil
}

// hide switches the echo off until restore.
func hide(f *os.File) (restore func(), err error) {
	var was syscall.Termios
	if err := attributes(f, getAttributes, &was); err != nil {
		return nil, err
	}
	quiet := was
	quiet.Lflag &^= syscall.ECHO
	return func() { _ = attributes(f, setAttributes, &was) }, attributes(f, setAttributes, &quiet)
}
