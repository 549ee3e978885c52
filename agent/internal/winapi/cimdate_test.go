package winapi

import (
	"testing"
	"time"
)

func TestDatesOfCIMBecomeRFC3339(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"UTC", "20261122040538.500000+000", "2026-11-22T04:05:38Z"},
		{"an offset east, in minutes", "20261122010000.000000+060", "2026-11-22T00:00:00Z"},
		{"an offset west over midnight", "20251231190000.000000-300", "2026-01-01T00:00:00Z"},
		{"half hours", "20261122053000.000000+330", "2026-11-22T00:00:00Z"},
		{"a leap day", "20240229000000.000000+000", "2024-02-29T00:00:00Z"},
		{"an interval", "00000003010203.000000:000", "262923"},
		{"no day has number 30 in February", "20260230000000.000000+000", "20260230000000.000000+000"},
		{"no month 13", "20261301000000.000000+000", "20261301000000.000000+000"},
		{"no hour 24", "20261122240000.000000+000", "20261122240000.000000+000"},
		{"wildcards", "2026**********.******+***", "2026**********.******+***"},
		{"the zero date, 1601", "16010101000000.000000+000", "1601-01-01T00:00:00Z"},
		{"another form", "22/2/2022", "22/2/2022"},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := cimTime(c.in); got != c.want {
				t.Errorf("cimTime(%q) = %q; want %q", c.in, got, c.want)
			}
		})
	}
}

func FuzzCIMTime(f *testing.F) {
	for _, s := range []string{"20261122040538.500000+000", "00000003010203.000000:000", "2026**********.******+***", "20251231190000.000000-300"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out := cimTime(in)
		if out == in || len(in) == 25 && in[21] == ':' {
			return
		}
		if _, err := time.Parse(time.RFC3339, out); err != nil && out[0] != '-' {
			t.Errorf("cimTime(%q) = %q, which is no RFC 3339", in, out)
		}
	})
}
