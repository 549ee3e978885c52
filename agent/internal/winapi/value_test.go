package winapi

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzParseValue(f *testing.F) {
	for kind := range uint32(13) {
		f.Add(kind, []byte("a\x00b\x00\x00\x00c\x00\x00\x00\x00\x00"))
	}
	f.Add(uint32(RegDWORD), []byte{1, 2, 3, 4})
	f.Add(uint32(RegQWORD), []byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Add(uint32(RegString), []byte{0x00, 0xd8, 0x41})
	f.Fuzz(func(t *testing.T, kind uint32, data []byte) {
		v := parseValue(kind, data)
		if v.Kind != kind {
			t.Errorf("parseValue(%d) has kind %d", kind, v.Kind)
		}
		if !utf8.ValidString(v.Text) || strings.Contains(v.Text, "\x00") {
			t.Errorf("parseValue(%d, %x) = %q; want UTF-8 without NULs", kind, data, v.Text)
		}
		if len(v.Text) > 3*len(data)+20 {
			t.Errorf("parseValue(%d, %d bytes) is %d bytes long", kind, len(data), len(v.Text))
		}
	})
}
