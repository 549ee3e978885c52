//go:build !osiris_modernc && (linux || darwin)

package sqlos

import (
	"fmt"
	"runtime"

	"github.com/ebitengine/purego"
)

func openLibrary() (func(string) (uintptr, error), error) {
	names := []string{"libsqlite3.so.0", "libsqlite3.so"}
	hint := "install the package libsqlite3-0 (Debian, Ubuntu) or sqlite-libs (Fedora, RHEL), or use an agent built with -tags osiris_modernc"
	if runtime.GOOS == "darwin" {
		// Present since macOS 11 only in the dyld cache: dlopen finds it, stat
		// does not.
		names = []string{"/usr/lib/libsqlite3.dylib"}
		hint = "the library is a part of macOS; use an agent built with -tags osiris_modernc"
	}
	return openFirst(names, hint)
}

// openFirst loads the first library of names that is there. The error names
// the library itself: dlerror, which purego asks after dlopen, belongs to one
// thread, and without the lock the goroutine may have moved to another.
func openFirst(names []string, hint string) (func(string) (uintptr, error), error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var first error
	for _, name := range names {
		handle, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL)
		if err == nil {
			return func(symbol string) (uintptr, error) { return purego.Dlsym(handle, symbol) }, nil
		}
		if first == nil {
			first = fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil, fmt.Errorf("loading the system's SQLite: %w; %s", first, hint)
}

func (e *engine) call(fn symbol, args ...uintptr) uintptr {
	r, _, _ := purego.SyscallN(e.addr[fn], args...)
	return r
}
