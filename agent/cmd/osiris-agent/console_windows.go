package main

import (
	"os"
	"syscall"
)

var setConsoleMode = syscall.NewLazyDLL("kernel32.dll").NewProc("SetConsoleMode")

// understandsANSI switches the console's interpreter on, which Windows 10 1511
// brought (ENABLE_VIRTUAL_TERMINAL_PROCESSING, learn.microsoft.com, read
// 2026-11-22).
func understandsANSI(f *os.File) bool {
	const interpret = 4
	var mode uint32
	if syscall.GetConsoleMode(syscall.Handle(f.Fd()), &mode) != nil {
		return false
	}
	ok, _, _ := setConsoleMode.Call(f.Fd(), uintptr(mode|interpret))
	return ok != 0
}
