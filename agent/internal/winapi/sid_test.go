package winapi

import (
	"regexp"
	"testing"
)

// machineSID is S-1-5-21-1000-4294967295-3 as Windows keeps it.
const machineSID = "\x01\x04\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\xe8\x03\x00\x00\xff\xff\xff\xff\x03\x00\x00\x00"

func TestASIDIsWrittenAsWindowsPrintsIt(t *testing.T) {
	for name, c := range map[string]struct{ sid, want string }{
		"a machine's":             {machineSID, "S-1-5-21-1000-4294967295-3"},
		"one without numbers":     {"\x01\x00\x00\x00\x00\x00\x00\x05", "S-1-5"},
		"nothing":                 {"", ""},
		"another revision":        {"\x02\x00\x00\x00\x00\x00\x00\x05", ""},
		"more numbers than there": {machineSID[:20], ""},
		"fewer numbers":           {machineSID + "\x00\x00\x00\x00", ""},
		"too many numbers":        {"\x01\x10\x00\x00\x00\x00\x00\x05" + string(make([]byte, 64)), ""},
		"an authority too large":  {"\x01\x00\x01\x00\x00\x00\x00\x05", ""},
	} {
		if got := sidText([]byte(c.sid)); got != c.want {
			t.Errorf("%s: sidText = %q; want %q", name, got, c.want)
		}
	}
}

func FuzzSID(f *testing.F) {
	f.Add([]byte(machineSID))
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 5})
	form := regexp.MustCompile(`\AS-1-\d{1,10}(-\d{1,10}){0,15}\z`)
	f.Fuzz(func(t *testing.T, b []byte) {
		if text := sidText(b); text != "" && !form.MatchString(text) {
			t.Errorf("sidText(%x) = %q", b, text)
		}
	})
}
