//go:build linux || darwin

package prompt

import (
	"syscall"
	"unsafe"
)

func attributes(handle, request uintptr, t *syscall.Termios) bool {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, handle, request, uintptr(unsafe.Pointer(t)))
	return e == 0
}

// hide switches a terminal's echo off until restore; nil when it is no terminal.
func hide(handle uintptr) (restore func()) {
	var was syscall.Termios
	if !attributes(handle, getAttributes, &was) {
		return nil
	}
	quiet := was
	quiet.Lflag &^= syscall.ECHO
	attributes(handle, setAttributes, &quiet)
	return func() { attributes(handle, setAttributes, &was) }
}
