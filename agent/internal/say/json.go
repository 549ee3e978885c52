package say

import (
	"strconv"
	"unicode/utf8"
)

// JSON builds one JSON value. Its methods return the receiver, so that calls
// chain; the caller opens and closes in pairs and puts a Key before each member.
// The zero value is ready.
type JSON struct {
	buf   []byte
	comma bool // the next value or key needs one
}

// Bytes is what was written.
func (j *JSON) Bytes() []byte { return j.buf }

// Object opens an object.
func (j *JSON) Object() *JSON { return j.open('{') }

// EndObject closes it.
func (j *JSON) EndObject() *JSON { return j.end('}') }

// Array opens an array.
func (j *JSON) Array() *JSON { return j.open('[') }

// EndArray closes it.
func (j *JSON) EndArray() *JSON { return j.end(']') }

// Key writes a member's name.
func (j *JSON) Key(name string) *JSON {
	j.value()
	j.buf = append(AppendString(j.buf, name), ':')
	j.comma = false
	return j
}

// Str writes a string.
func (j *JSON) Str(s string) *JSON {
	j.value()
	j.buf = AppendString(j.buf, s)
	return j
}

// Int writes a number.
func (j *JSON) Int(n int64) *JSON {
	j.value()
	j.buf = strconv.AppendInt(j.buf, n, 10)
	return j
}

// Uint writes a number.
func (j *JSON) Uint(n uint64) *JSON {
	j.value()
	j.buf = strconv.AppendUint(j.buf, n, 10)
	return j
}

// Bool writes true or false.
func (j *JSON) Bool(b bool) *JSON {
	j.value()
	j.buf = strconv.AppendBool(j.buf, b)
	return j
}

// Null writes null.
func (j *JSON) Null() *JSON {
	j.value()
	j.buf = append(j.buf, "null"...)
	return j
}

func (j *JSON) value() {
	if j.comma {
		j.buf = append(j.buf, ',')
	}
	j.comma = true
}

func (j *JSON) open(c byte) *JSON {
	j.value()
	j.buf = append(j.buf, c)
	j.comma = false
	return j
}

func (j *JSON) end(c byte) *JSON {
	j.buf = append(j.buf, c)
	j.comma = true
	return j
}

const hexDigits = "0123456789abcdef"

// AppendString writes s as a JSON string, byte for byte as encoding/json does
// without HTML escaping: invalid UTF-8 becomes \ufffd, and U+2028 and U+2029 are
// escaped for JavaScript's sake.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			b = appendByte(b, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(b, `\ufffd`...)
		case r == 0x2028:
			b = append(b, `\u2028`...)
		case r == 0x2029:
			b = append(b, `\u2029`...)
		default:
			b = append(b, s[i:i+size]...)
		}
		i += size
	}
	return append(b, '"')
}

func appendByte(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	if c < 0x20 {
		return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(b, c)
}
