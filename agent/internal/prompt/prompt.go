// Package prompt asks the person at a terminal for something secret: the text
// ends with the line that has the last key, or with the end of the input, and the
// terminal does not show it. Input that is no terminal is read the same way,
// without asking. Text is bounded at 64 KB.
package prompt

import (
	"context"
	"errors"
	"io"
	"strings"
)

// limit bounds what is read: a token has 300 bytes.
const limit = 64 << 10

// ErrStopped means that the person wanted to stop rather than to answer.
var ErrStopped = errors.New("stopped before there was an answer")

// Text asks on out and reads from in, whose handle is given for the terminal's
// sake. last begins the last line. When ctx ends the terminal shows again what is
// typed; a read that still waits for input ends with the process.
func Text(ctx context.Context, in io.Reader, handle uintptr, out io.Writer, question, last string) (string, error) {
	if restore := hide(handle); restore != nil {
		defer restore()
		_, _ = io.WriteString(out, question) // without a screen the text still comes
	}
	var text string
	var err error
	read := make(chan struct{})
	go func() {
		text, err = lines(in, last)
		close(read)
	}()
	select {
	case <-read:
		return text, err
	case <-ctx.Done():
		return "", ErrStopped
	}
}

// lines reads up to the line that last begins, the end or the limit.
func lines(in io.Reader, last string) (string, error) {
	buffer := make([]byte, limit)
	for n := 0; ; {
		m, err := in.Read(buffer[n:])
		n += m
		text := string(buffer[:n])
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return "", err
		case err != nil, n == limit, strings.HasSuffix(text, "\n") && strings.Contains(text, "\n"+last):
			return text, nil //nolint:nilerr // the input has ended
		}
	}
}
