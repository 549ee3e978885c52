package main

import "syscall"

var setConsoleMode = syscall.NewLazyDLL("kernel32.dll").NewProc("SetConsoleMode")

// understandsANSI switches standard output's interpreter on, which Windows 10 1511
// brought (ENABLE_VIRTUAL_TERMINAL_PROCESSING, learn.microsoft.com, read
// 2026-11-22).
func understandsANSI() bool {
	const interpret = 4
	var mode uint32
	if syscall.GetConsoleMode(syscall.Stdout, &mode) != nil {
		return false
	}
	ok, _, _ := setConsoleMode.Call(uintptr(syscall.Stdout), uintptr(mode|interpret))
	return ok != 0
}
