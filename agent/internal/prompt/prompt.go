// Package prompt asks the person at a terminal for something secret: the text
// ends with an empty line, at the end of the input, or as soon as enough says
// so, and the terminal does not show it. Input that is no terminal is read the
// same way, without asking. Text is bounded at 64 KB.
package prompt

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"
)

// limit bounds what is read: a token has 300 bytes.
const limit = 64 << 10

// Text asks on out and reads from in. enough is called with the lines so far.
func Text(in *os.File, out io.Writer, question string, enough func(text string) bool) (string, error) {
	if Terminal(in) {
		restore, err := hide(in)
		if err != nil {
			return "", err
		}
		defer restore()
		if _, err := io.WriteString(out, question+"\n"); err != nil {
			return "", err
		}
	}
	return read(in, enough)
}

func read(in io.Reader, enough func(string) bool) (string, error) {
	text := ""
	lines := bufio.NewReader(io.LimitReader(in, limit))
	for {
		line, err := lines.ReadString('\n')
		text += line
		blank := strings.TrimSpace(line) == "" && strings.TrimSpace(text) != ""
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return "", err
		case err != nil, blank, enough(text):
			return text, nil
		}
	}
}
