// Package prompt asks the person at a terminal for something secret: the text
// ends with an empty line, at the end of the input, or after a line that begins
// with the last word, and the terminal does not show it. Input that is no
// terminal is read the same way, without asking. Text is bounded at 64 KB.
package prompt

import (
	"errors"
	"io"
	"strings"
)

// limit bounds what is read: a token has 300 bytes.
const limit = 64 << 10

// Text asks on out and reads from in, whose handle is given for the terminal's
// sake.
func Text(in io.Reader, handle uintptr, out io.Writer, question, last string) (string, error) {
	if restore := hide(handle); restore != nil {
		defer restore()
		_, _ = io.WriteString(out, question+"\n") // without a screen the text still comes
	}
	text := ""
	buffer := make([]byte, 4096)
	for len(text) < limit {
		n, err := in.Read(buffer)
		text += string(buffer[:n])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		if strings.HasSuffix(text, "\n\n") || strings.HasSuffix(text, "\n\r\n") ||
			strings.HasSuffix(text, "\n") && strings.Contains("\n"+text, "\n"+last) {
			break
		}
	}
	return text, nil
}
