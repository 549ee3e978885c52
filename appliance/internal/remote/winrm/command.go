package winrm

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Command is what runs.
type Command struct {
	// Line is given to cmd.exe, which takes 8,191 characters of it.
	Line string
	// Stdin is sent whole, then closed; nil sends nothing.
	Stdin []byte
	// Idempotent means that running it twice does no harm, so that it may be
	// tried again when its outcome was lost.
	Idempotent bool
	// Logon, if set, is asked before the credential is shown to the host, and may
	// wait or refuse; what it gives is told what came of that. A kept connection shows
	// nothing, so nobody is asked.
	Logon func(ctx context.Context) (told func(err error), err error)
}

// Output is what a command left behind.
type Output struct {
	Stdout, Stderr []byte
	ExitCode       int
}

// maxLine is cmd.exe's limit (learn.microsoft.com, KB830473).
const maxLine = 8191

// maxStdin bounds what is kept in memory for one host.
const maxStdin = 16 << 20

func (c Command) validate() error {
	switch {
	case c.Line == "":
		return errors.New("no command line")
	case len(c.Line) > maxLine:
		return fmt.Errorf("a command line of %d characters, more than cmd.exe's %d", len(c.Line), maxLine)
	case len(c.Stdin) > maxStdin:
		return fmt.Errorf("%d bytes of standard input", len(c.Stdin))
	case strings.Contains(c.Line, "]]>"):
		// The builder puts the line into a CDATA section as it is.
		return errors.New("a command line with ]]> in it")
	}
	for _, r := range c.Line {
		if r < ' ' && r != '\t' || r == 0xfffd || r == 0xfffe || r == 0xffff {
			return errors.New("a command line with control characters")
		}
	}
	return nil
}
