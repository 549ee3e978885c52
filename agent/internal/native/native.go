// Package native calls functions of the system's C libraries: SQLite and the
// resolver. A general library for that, purego 0.11.3, costs 120 KB, because it
// can make any Go function type and so keeps reflection alive (measured
// 2026-11-22); here a function is an address that takes up to six integers or
// pointers and gives one. On Linux that also needs threads that the C library
// knows; native_linux_amd64.go says how, after runtime/cgo of Go 1.26.8.
//
// A library stays loaded. A call blocks its thread and not the scheduler.
// Arguments that are pointers are converted in the call itself, as with
// syscall.Syscall, so that what they point at stays where it is. Only the lower 32
// bits of a C int count. Variadic functions and floating point cannot be called.
package native

import "errors"

// Library is one that is loaded.
type Library uintptr

// Errors that callers tell apart.
var (
	// ErrLibrary means that a library is not there or not usable.
	ErrLibrary = errors.New("the library cannot be loaded")
	// ErrSymbol means that a library has no such function.
	ErrSymbol = errors.New("the library has no such function")
)
