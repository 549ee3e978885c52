package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// asProgram makes the test binary the program.
const asProgram = "OSIRIS_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		if err := os.Unsetenv(asProgram); err != nil {
			panic(err)
		}
		main()
	}
	os.Exit(m.Run())
}

// program is a command line of the program, which lies in a folder of its own.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "osiris-agent")
	if err := os.WriteFile(path, read(t, own), 0o755); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), path, args...)
	c.Env = append(os.Environ(), asProgram+"=yes")
	return c
}

func TestWhoWaitsForAFileCanBeStopped(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "agent.conf")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	c := program(t, "validate", "--config", fifo)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = c.Wait() // ExitCode tells
		close(ended)
	}()
	// The first one may come before the program listens, or be the one that asks.
	for signals := 0; ; signals++ {
		if err := c.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		select {
		case <-ended:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// TestAPromptIsLeftByControlC has the kernel make the signal, as for a person.
func TestAPromptIsLeftByControlC(t *testing.T) {
	for _, verb := range []string{"enrol", "enrol --again"} {
		person, screen := pseudoTerminal(t)
		file := write(t, "data_dir = "+filepath.Join(t.TempDir(), "data"))
		c := program(t, append(strings.Fields(verb), "--config", file)...)
		c.Stdin, c.Stdout, c.Stderr = screen, screen, screen
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		buffer, shown := make([]byte, 1000), ""
		for !strings.Contains(shown, "not shown") {
			n, err := person.Read(buffer)
			if err != nil {
				t.Fatalf("%s: after %q: %v", verb, shown, err)
			}
			shown += string(buffer[:n])
		}
		if _, err := person.WriteString("\x03"); err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); c.ProcessState.ExitCode() != 1 {
			t.Errorf("%s: %v; want exit 1", verb, err)
		}
		var now syscall.Termios
		if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, screen.Fd(), syscall.TCGETS, uintptr(unsafe.Pointer(&now))); e != 0 || now.Lflag&syscall.ECHO == 0 {
			t.Errorf("%s: the echo is off afterwards", verb)
		}
	}
}

// pseudoTerminal makes a terminal with a person before it.
func pseudoTerminal(t *testing.T) (person, screen *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudo terminals here: ", err)
	}
	t.Cleanup(func() { person.Close() }) //nolint:errcheck // the test is over
	var unlock, number int32
	for request, p := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlock, syscall.TIOCGPTN: &number} {
		if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, person.Fd(), request, uintptr(unsafe.Pointer(p))); e != 0 {
			t.Skip("there are no pseudo terminals here: ", e)
		}
	}
	if screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Skip("there are no pseudo terminals here: ", err)
	}
	t.Cleanup(func() { screen.Close() }) //nolint:errcheck // the test is over
	return person, screen
}

func TestATokenBesideTheProgramIsAnnouncedAndMustNotBeAnybodys(t *testing.T) {
	text := []byte("appliance_addr = 127.0.0.1:1\nsite_root = " + strings.Repeat("ab", 32) +
		"\ncentral_root = " + strings.Repeat("cd", 32) + "\ntoken = " + wrongToken + "\n")
	for mode, want := range map[os.FileMode][]string{
		0o644: {"The token is from ", "127.0.0.1:1", strings.Repeat("ab", 32), "dialling"},
		0o666: {"nobody else can write"},
	} {
		file := write(t, "data_dir = "+filepath.Join(t.TempDir(), "data"), "root_dir = "+t.TempDir())
		c := program(t, "enrol", "--config", file)
		beside := filepath.Join(filepath.Dir(c.Path), tokenName)
		if err := os.WriteFile(beside, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(beside, mode); err != nil {
			t.Fatal(err)
		}
		said, err := c.CombinedOutput()
		if c.ProcessState.ExitCode() != 1 {
			t.Errorf("mode %o: %v", mode, err)
		}
		for _, part := range want {
			if !strings.Contains(string(said), part) {
				t.Errorf("mode %o: it says %q; want %q in it", mode, said, part)
			}
		}
		if strings.Contains(string(said), wrongToken) || (mode == 0o666 && strings.Contains(string(said), "dialling")) {
			t.Errorf("mode %o: it says %q", mode, said)
		}
	}
}
