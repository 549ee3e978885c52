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
		if complete(text, last) {
			break
		}
	}
	return text, nil
}

// complete looks at the last whole line, once there is any text.
func complete(text, last string) bool {
	body := strings.TrimSpace(text)
	if body == "" || text[len(text)-1] != '\n' {
		return false
	}
	line := strings.TrimRight(text, " \t\r\n")
	rest := text[len(line):]
	return strings.HasPrefix(line[strings.LastIndexByte(line, '\n')+1:], last) || strings.Count(rest, "\n") > 1
}
