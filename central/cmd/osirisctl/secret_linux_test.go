package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
)

// terminal is a pseudo-terminal: what the person types on, and what the program
// reads from.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person = ct.Value(os.OpenFile("/dev/ptmx", os.O_RDWR, 0))(t)
	t.Cleanup(func() { _ = person.Close() }) // the other end goes with it
	handle := int(person.Fd())
	ct.Check(t, unix.IoctlSetPointerInt(handle, unix.TIOCSPTLCK, 0))
	n := ct.Value(unix.IoctlGetInt(handle, unix.TIOCGPTN))(t)
	program = ct.Value(os.OpenFile("/dev/pts/"+number(uint32(n)), os.O_RDWR|unix.O_NOCTTY, 0))(t) //nolint:gosec // a small number
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

// ask asks for a secret at a terminal.
func ask(ctx context.Context, t *testing.T, program *os.File) (text string, shown *strings.Builder, err error) {
	t.Helper()
	shown = &strings.Builder{}
	in, err := openSecrets(&shell{stdin: program, stderr: shown}, "")
	ct.Check(t, err)
	s, err := in.next(ctx, "password")
	return s.Reveal(), shown, err
}

func TestASecretIsTypedTwiceAndNotShown(t *testing.T) {
	for _, tt := range []struct{ typed, want, says string }{
		{"s3cret word\ns3cret word\n", "s3cret word", ""},
		{"s3cret word\nanother\n", "", "not the same"},
	} {
		person, program := terminal(t)
		ct.Value(person.WriteString(tt.typed))(t)
		got, shown, err := ask(t.Context(), t, program)
		if got != tt.want || (err != nil) != (tt.says != "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("typed %q = %q, %v; want %q and %q", tt.typed, got, err, tt.want, tt.says)
		}
		if strings.Contains(shown.String(), "s3cret") || !strings.Contains(shown.String(), "again") {
			t.Errorf("it shows %q", shown)
		}
	}
}

func TestWhoStopsAtAQuestionGetsTheTerminalBack(t *testing.T) {
	_, program := terminal(t)
	before := ct.Value(term.GetState(int(program.Fd())))(t) //nolint:gosec // a descriptor is small
	ctx, stop := context.WithCancel(t.Context())
	go func() { // stops once the terminal hides what is typed
		defer stop()
		for ctx.Err() == nil {
			now, err := term.GetState(int(program.Fd())) //nolint:gosec // a descriptor is small
			if err != nil || *now != *before {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if _, _, err := ask(ctx, t, program); err == nil || !strings.Contains(err.Error(), "stopped") {
		t.Errorf("the answer of nobody = %v; want errStopped", err)
	}
	after := ct.Value(term.GetState(int(program.Fd())))(t) //nolint:gosec // a descriptor is small
	if *before != *after {
		t.Error("the terminal was left as it was for the secret")
	}
}
