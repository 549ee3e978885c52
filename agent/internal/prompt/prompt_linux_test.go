package prompt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// terminal makes a pseudo terminal: what a person types goes into person, what
// the screen shows comes out of it.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudo terminals here")
	}
	t.Cleanup(func() { person.Close() }) //nolint:errcheck // the test is over
	var unlock, number int32
	for request, p := range map[uintptr]*int32{0x40045431: &unlock /* TIOCSPTLCK */, 0x80045430: &number /* TIOCGPTN */} {
		if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, person.Fd(), request, uintptr(unsafe.Pointer(p))); e != 0 {
			t.Skip("there are no pseudo terminals here: ", e)
		}
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudo terminals here: ", err)
	}
	t.Cleanup(func() { program.Close() }) //nolint:errcheck // the test is over
	return person, program
}

func TestAPersonIsAskedAndTheSecretIsNotShown(t *testing.T) {
	person, program := terminal(t)
	asked := make(chan struct{})
	go func() {
		<-asked
		_, _ = person.WriteString("a secret\nlast = secret\n")
	}()
	text, err := Text(t.Context(), program, program.Fd(), closer{asked}, "What?", "last")
	if text != "a secret\nlast = secret\n" || err != nil {
		t.Errorf("Text = %q, %v", text, err)
	}
	// What the screen shows: nothing of it. The echo is on again afterwards.
	if _, err := program.WriteString("end"); err != nil {
		t.Fatal(err)
	}
	_ = person.SetReadDeadline(time.Now().Add(time.Minute)) // a terminal may not have one
	var shown []byte
	buffer := make([]byte, 100)
	for !bytes.Contains(shown, []byte("end")) {
		n, err := person.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, buffer[:n]...)
	}
	if bytes.Contains(shown, []byte("secret")) {
		t.Errorf("the screen shows %q", shown)
	}
	var now syscall.Termios
	if !attributes(program.Fd(), getAttributes, &now) || now.Lflag&syscall.ECHO == 0 {
		t.Error("the echo is off afterwards")
	}
}

func TestWhoStopsInsteadOfAnsweringHasTheEchoBack(t *testing.T) {
	_, program := terminal(t)
	ctx, stop := context.WithCancel(t.Context())
	asked := make(chan struct{})
	go func() {
		<-asked
		var now syscall.Termios
		if !attributes(program.Fd(), getAttributes, &now) || now.Lflag&syscall.ECHO != 0 {
			t.Error("the echo is on while a secret is asked for")
		}
		stop()
	}()
	if text, err := Text(ctx, program, program.Fd(), closer{asked}, "What?", "last"); text != "" || !errors.Is(err, ErrStopped) {
		t.Errorf("Text = %q, %v; want %v", text, err, ErrStopped)
	}
	var now syscall.Termios
	if !attributes(program.Fd(), getAttributes, &now) || now.Lflag&syscall.ECHO == 0 {
		t.Error("the echo is off afterwards")
	}
}

// closer tells that the question was written.
type closer struct{ asked chan struct{} }

func (c closer) Write(p []byte) (int, error) {
	close(c.asked)
	return len(p), nil
}
