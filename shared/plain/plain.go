// Package plain makes foreign text fit for a terminal: what a host, an agent or a
// server says must not move the cursor, change colours, add lines, or show its
// letters in another order than they have. C0 and C1 controls (a terminal may take
// U+009B for escape and bracket), line and paragraph separators and format
// characters (unicode.Cf, those of bidirectional text among them) are not shown.
package plain

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Shown tells whether a character may go to a terminal.
func Shown(r rune) bool {
	return r >= ' ' && (r < 0x7f || r >= 0xa0) && r != '\u2028' && r != '\u2029' && !unicode.Is(unicode.Cf, r)
}

// Text keeps a text on its line and in its order: format characters go, controls
// become spaces.
func Text(s string) string { return strings.Map(fit, s) }

// Lines is Text for what may have several lines.
func Lines(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return fit(r)
	}, s)
}

func fit(r rune) rune {
	switch {
	case unicode.Is(unicode.Cf, r):
		return -1
	case !Shown(r):
		return ' '
	}
	return r
}

// JSON writes in JSON, which may have them in its strings only, characters that
// are not for a terminal as \uXXXX: it says the same to who reads it.
func JSON(raw []byte) []byte {
	if utf8.Valid(raw) && bytes.IndexFunc(raw, escaped) < 0 {
		return raw
	}
	var b bytes.Buffer
	for _, r := range string(raw) {
		switch {
		case !escaped(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

// escaped leaves JSON's own white space, the only controls that it may have.
func escaped(r rune) bool { return r > ' ' && !Shown(r) }
