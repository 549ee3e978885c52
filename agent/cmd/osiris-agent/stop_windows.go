package main

import (
	"context"
	"syscall"
)

var setConsoleCtrlHandler = syscall.NewLazyDLL("kernel32.dll").NewProc("SetConsoleCtrlHandler")

// Console events of wincon.h, of which the first three and shutdown stop us. A
// logoff is told to services only, which it does not concern (HandlerRoutine,
// learn.microsoft.com, read 2026-11-22).
const (
	eventClose    = 2
	eventLogoff   = 5
	eventShutdown = 6
)

// untilStopped gives a context that ends when the process is told to. Package
// os/signal does the same for 18 KB.
func untilStopped() (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(context.Background())
	onEvent := func(event uintptr) uintptr { return onConsole(event, stop) }
	// Without a console nobody can tell us anything.
	_, _, _ = setConsoleCtrlHandler.Call(syscall.NewCallback(onEvent), 1)
	return ctx, stop
}

// onConsole answers 1: Windows is to do no more about the event.
func onConsole(event uintptr, stop context.CancelFunc) uintptr {
	if event == eventLogoff {
		return 1
	}
	stop()
	if event == eventClose || event == eventShutdown {
		select {} // Windows ends the process when this returns; main ends it sooner
	}
	return 1
}
