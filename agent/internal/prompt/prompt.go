// Package prompt asks the person at a terminal for something secret: the text
// ends with the line that has the last key, or with the end of the input, and the
// terminal does not show it. Input that is no terminal is read the same way,
// without asking. Text is bounded at 64 KB.
package prompt

import (
	"errors"
	"io"
	"strings"
)

// limit bounds what is read: a token has 300 bytes.
const limit = 64 << 10

// Text asks on out and reads from in, whose handle is given for the terminal's
// sake. last begins the last line.
func Text(in io.Reader, handle uintptr, out io.Writer, question, last string) (string, error) {
	if restore := hide(handle); restore != nil {
		defer restore()
		_, _ = io.WriteString(out, question) // without a screen the text still comes
	}
	buffer := make([]byte, limit)
	for n := 0; ; {
		m, err := in.Read(buffer[n:])
		n += m
		text := string(buffer[:n])
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return "", err
		case err != nil, n == limit, strings.HasSuffix(text, "\n") && strings.Contains(text, "\n"+last):
			return text, nil
		}
	}
}
