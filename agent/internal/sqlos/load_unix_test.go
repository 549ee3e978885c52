//go:build !osiris_modernc && (linux || darwin)

package sqlos

import (
	"strings"
	"testing"
)

func TestAMissingLibraryIsAnErrorWithAHint(t *testing.T) {
	_, err := openFirst([]string{"libosiris-none.so.0", "libosiris-none.so"}, "install it")
	if err == nil || !strings.Contains(err.Error(), "libosiris-none.so.0") || !strings.HasSuffix(err.Error(), "; install it") {
		t.Errorf("openFirst = %v; want the first name and the hint", err)
	}
}

func TestAMissingFunctionIsAnError(t *testing.T) {
	lookup, err := openLibrary()
	if err != nil {
		t.Fatal(err)
	}
	if addr, err := lookup("sqlite3_no_such_function"); err == nil {
		t.Errorf("lookup = %x; want an error", addr)
	}
}
