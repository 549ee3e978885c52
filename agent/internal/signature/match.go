package signature

import "strings"

// instanceMark stands in a pattern for what tells one instance of a product
// from another, such as the id in "ScreenConnect Client (0123456789abcdef)".
const instanceMark = "{id}"

// Match tells whether a pattern matches the whole of text, without regard to
// the case of ASCII letters, and gives the instance when the pattern asks for
// one. A * is any text without a path separator; {id} is one or more letters,
// digits or hyphens.
func Match(pattern, text string) (instance string, ok bool) {
	for pattern != "" {
		if pattern[0] == '*' {
			for i := 0; ; i++ {
				if instance, ok = Match(pattern[1:], text[i:]); ok || i == len(text) || separator(text[i]) {
					return instance, ok
				}
			}
		}
		if strings.HasPrefix(pattern, instanceMark) {
			n := 0
			for n < len(text) && idByte(text[n]) {
				n++
			}
			for ; n > 0; n-- {
				if _, ok = Match(pattern[len(instanceMark):], text[n:]); ok {
					return text[:n], true
				}
			}
			return "", false
		}
		if text == "" || lower(pattern[0]) != lower(text[0]) {
			return "", false
		}
		pattern, text = pattern[1:], text[1:]
	}
	return "", text == ""
}

// Wild tells whether a pattern is more than a name.
func Wild(pattern string) bool {
	return strings.Contains(pattern, "*") || strings.Contains(pattern, instanceMark)
}

func separator(c byte) bool { return c == '/' || c == '\\' }

func idByte(c byte) bool {
	return lower(c) >= 'a' && lower(c) <= 'z' || c >= '0' && c <= '9' || c == '-'
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
