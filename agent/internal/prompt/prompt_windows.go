package prompt

import (
	"os"
	"syscall"
)

// Terminal tells whether a person may be there.
func Terminal(f *os.File) bool {
	var mode uint32
	return syscall.GetConsoleMode(syscall.Handle(f.Fd()), &mode) == nil
}

// hide switches the echo off until restore.
func hide(f *os.File) (restore func(), err error) {
	const echo = 0x4 // ENABLE_ECHO_INPUT
	var was uint32
	if err := syscall.GetConsoleMode(syscall.Handle(f.Fd()), &was); err != nil {
		return nil, err
	}
	set := syscall.NewLazyDLL("kernel32.dll").NewProc("SetConsoleMode")
	_, _, _ = set.Call(f.Fd(), uintptr(was&^echo)) // shown is better than refused
	return func() { _, _, _ = set.Call(f.Fd(), uintptr(was)) }, nil
}
