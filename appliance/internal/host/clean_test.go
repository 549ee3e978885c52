package host

import "testing"

func TestWhatAHostSaysOfItselfMovesNoCursor(t *testing.T) {
	for in, want := range map[string]string{
		"WS01\u009b2J": "WS012J", "WS\u202e10SW": "WS10SW", "\u2066x\u2069": "x", "a\tb\x1b\x7f": "ab", "Größe-Ω": "Größe-Ω", "x\u2028y\xff": "xy",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q; want %q", in, got, want)
		}
	}
}
