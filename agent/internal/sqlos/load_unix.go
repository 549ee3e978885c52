//go:build !osiris_modernc && (linux || darwin)

package sqlos

import (
	"fmt"
	"runtime"

	"github.com/osiriscare/osiris/agent/internal/native"
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

// openFirst loads the first library of names that is there.
func openFirst(names []string, hint string) (func(string) (uintptr, error), error) {
	var first error
	for _, name := range names {
		library, err := native.Load(name)
		if err == nil {
			return library.Symbol, nil
		}
		if first == nil {
			first = fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil, fmt.Errorf("loading the system's SQLite: %w; %s", first, hint)
}

func (e *engine) call(fn symbol, args ...uintptr) uintptr { return native.Call(e.addr[fn], args...) }
