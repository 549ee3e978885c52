//go:build !osiris_modernc

package sqlos

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"
)

// openLibrary loads winsqlite3.dll by its full path in System32, so that a DLL
// of that name in the working directory or beside the program is never loaded.
func openLibrary() (func(string) (uintptr, error), error) {
	dir, err := systemDirectory()
	if err != nil {
		return nil, fmt.Errorf("loading the system's SQLite: %w", err)
	}
	dll := syscall.NewLazyDLL(dir + `\winsqlite3.dll`)
	if err := dll.Load(); err != nil {
		return nil, fmt.Errorf("loading the system's SQLite: %w; it is a part of Windows 10 and Server 2016 or later; use an agent built with -tags osiris_modernc", err)
	}
	return func(symbol string) (uintptr, error) {
		proc := dll.NewProc(symbol)
		if err := proc.Find(); err != nil {
			return 0, err
		}
		return proc.Addr(), nil
	}, nil
}

func systemDirectory() (string, error) {
	var path [syscall.MAX_PATH]uint16
	// kernel32.dll is loaded in every process, so its bare name is safe.
	proc := syscall.NewLazyDLL("kernel32.dll").NewProc("GetSystemDirectoryW")
	if err := proc.Find(); err != nil {
		return "", err
	}
	n, _, err := proc.Call(uintptr(unsafe.Pointer(&path[0])), uintptr(len(path)))
	if n == 0 || n >= uintptr(len(path)) {
		return "", errors.Join(errors.New("reading the system directory"), err)
	}
	return syscall.UTF16ToString(path[:n]), nil
}

func (e *engine) call(fn symbol, args ...uintptr) uintptr {
	r, _, _ := syscall.SyscallN(e.addr[fn], args...)
	return r
}
