package winapi

import (
	"syscall"
	"testing"
)

// wine tells whether the tests run under Wine.
func wine() bool { return syscall.NewLazyDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil }

// needWine skips tests that change the machine, or that know what Wine answers.
func needWine(t *testing.T) {
	t.Helper()
	if !wine() {
		t.Skip("this test runs under Wine only; on a real Windows it would change the machine or not know the answers")
	}
}
