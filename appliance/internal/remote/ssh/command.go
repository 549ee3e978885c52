package ssh

import (
	"errors"
	"fmt"
	"strings"
)

// Command is what runs.
type Command struct {
	// Line is given to the user's shell on the host.
	Line string
	// Stdin is sent whole, then closed.
	Stdin []byte
	// Idempotent means that running it twice does no harm, so that it may be
	// tried again when its outcome was lost.
	Idempotent bool
}

// Output is what a command left behind. The exit code of a command that a signal
// ended is 128 and its number.
type Output struct {
	Stdout, Stderr []byte
	ExitCode       int
}

const (
	// maxLine fits the smallest limit of any host.
	maxLine = 4096
	// maxStdin bounds what is kept in memory for one host.
	maxStdin = 16 << 20
)

func (c Command) validate() error {
	switch {
	case c.Line == "":
		return errors.New("no command line")
	case len(c.Line) > maxLine:
		return fmt.Errorf("a command line of %d bytes", len(c.Line))
	case strings.ContainsAny(c.Line, "\x00\r\n"):
		return errors.New("a command line with control characters")
	case len(c.Stdin) > maxStdin:
		return fmt.Errorf("%d bytes of standard input", len(c.Stdin))
	}
	return nil
}
