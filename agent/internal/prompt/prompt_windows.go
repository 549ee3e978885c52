package prompt

import "syscall"

// hide switches a console's echo off until restore; nil when it is no console.
func hide(handle uintptr) (restore func()) {
	const echo = 0x4 // ENABLE_ECHO_INPUT
	var was uint32
	if syscall.GetConsoleMode(syscall.Handle(handle), &was) != nil {
		return nil
	}
	set := syscall.NewLazyDLL("kernel32.dll").NewProc("SetConsoleMode")
	_, _, _ = set.Call(handle, uintptr(was&^echo)) // shown is better than refused
	return func() { _, _, _ = set.Call(handle, uintptr(was)) }
}
