package winapi

import (
	"errors"
	"fmt"
	"testing"
)

func TestCodesMeanTheSameWhicheverWayTheyCome(t *testing.T) {
	for _, c := range []struct {
		name           string
		code           Code
		absent, denied bool
	}{
		{"file not found", 2, true, false},
		{"file not found as HRESULT", 0x80070002, true, false},
		{"no such service", 1060, true, false},
		{"no such user", 2221, true, false},
		{"no such SID", 1332, true, false},
		{"no such instance", NotFound, true, false},
		{"access denied", 5, false, true},
		{"access denied as HRESULT", 0x80070005, false, true},
		{"access denied by WMI", AccessDenied, false, true},
		{"privilege not held", 1300, false, true},
		{"an absent namespace says nothing of what is in it", NamespaceMissing, false, false},
		{"nor does an absent class", InvalidClass, false, false},
		{"nor a property that the class lacks", NoProperty, false, false},
		{"nor a function that Windows lacks", Missing, false, false},
		{"a facility that happens to end in 2", 0x80040002, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := fmt.Errorf("reading: %w", fail("Call", "object", c.code))
			if got := errors.Is(err, ErrNotExist); got != c.absent {
				t.Errorf("errors.Is(%v, ErrNotExist) = %t; want %t", err, got, c.absent)
			}
			if got := errors.Is(err, ErrDenied); got != c.denied {
				t.Errorf("errors.Is(%v, ErrDenied) = %t; want %t", err, got, c.denied)
			}
			if !errors.Is(err, c.code) {
				t.Errorf("errors.Is(%v, its code) = false", err)
			}
		})
	}
}

func TestErrorsNameTheCallAndTheCodeAsMicrosoftDoes(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{fail("OpenService", "Spooler", 1060), "calling OpenService for Spooler: code 1060, it does not exist"},
		{fail("ConnectServer", `root\x`, NamespaceMissing), `calling ConnectServer for root\x: code 0x8004100e`},
		{fail("NetUserModalsGet", "", 5), "calling NetUserModalsGet: code 5, access is denied"},
		{fail("X", "", 0x10000), "calling X: code 0x00010000"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("Error() = %q; want %q", got, c.want)
		}
	}
	if err := fail("X", "y", 0); err != nil {
		t.Errorf("fail with code 0 = %v; want nil", err)
	}
}
