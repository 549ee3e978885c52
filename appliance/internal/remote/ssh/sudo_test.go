package ssh_test

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"

	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
)

// fakeSudo behaves as sudo does with the lines it is given; seen is all that it,
// or the shell under it, read.
func fakeSudo(asks bool, right string, seen *strings.Builder) func(string, gossh.Channel) uint32 {
	return func(line string, c gossh.Channel) uint32 {
		in := bufio.NewReader(io.TeeReader(c, seen))
		if !strings.HasPrefix(line, "LC_ALL=C sudo ") {
			return 127
		}
		if asks && strings.Contains(line, "sudo -n ") {
			_, _ = io.WriteString(c.Stderr(), "sudo: a password is required\n")
			return 1
		}
		for tries := 0; asks; tries++ {
			// The question arrives in pieces, after the lecture.
			_, _ = io.WriteString(c.Stderr(), "We trust you have received the usual lecture.\nOSIRIS-SU")
			_, _ = io.WriteString(c.Stderr(), "DO-ASKS")
			got, err := in.ReadString('\n')
			if err != nil || tries == 2 {
				return 1
			}
			asks = got != right+"\n"
		}
		_, _ = io.WriteString(c, "greeting\nOSIRIS-SUDO-")
		_, _ = io.WriteString(c, "DONE\n")
		rest, _ := io.ReadAll(in)
		_, _ = c.Write(rest)
		return 0
	}
}

func TestSudoGetsThePasswordOnlyWhenItAsks(t *testing.T) {
	asked := func(how ssh.Sudo) ssh.Credential {
		return ssh.Credential{User: "osiris", Password: "Secret-1", Sudo: how, SudoSecret: "Root-2"}
	}
	for _, c := range []struct {
		name       string
		credential ssh.Credential
		asks       bool
		right      string
		want       error
		seen       string
	}{
		{"it asks and the password is right", asked(ssh.SudoPassword), true, "Root-2", nil, "Root-2\nscript\n"},
		{"it does not ask", asked(ssh.SudoPassword), false, "", nil, "script\n"},
		{"the password is wrong, and sent once", asked(ssh.SudoPassword), true, "other", ssh.ErrSudo, "Root-2\n"},
		{"it needs no password", asked(ssh.SudoFree), false, "", nil, "script\n"},
		{"it asks where it should not", asked(ssh.SudoFree), true, "Root-2", ssh.ErrSudo, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var seen strings.Builder
			s := newServer(t, &server{run: fakeSudo(c.asks, c.right, &seen)})
			r := newRoad(t, ssh.Config{})
			out, err := r.Run(t.Context(), s.endpoint(), c.credential, ssh.Command{Line: "sh -s", Stdin: []byte("script\n"), Idempotent: true})
			if !errors.Is(err, c.want) || err == nil && (string(out.Stdout) != "script\n" || len(out.Stderr) != 0) {
				t.Errorf("Run = %q, %q, %v; want %v", out.Stdout, out.Stderr, err, c.want)
			}
			r.Close()
			if seen.String() != c.seen {
				t.Errorf("it read %q; want %q", seen.String(), c.seen)
			}
		})
	}
}

func TestAHostThatTalksWithoutEndBeforeSudoIsLeft(t *testing.T) {
	s := newServer(t, &server{run: func(_ string, c gossh.Channel) uint32 {
		for range 1 << 10 {
			_, _ = c.Write(make([]byte, 1<<10))
		}
		_, _ = io.Copy(io.Discard, c)
		return 0
	}})
	credential := password
	credential.Sudo = ssh.SudoPassword
	if _, err := newRoad(t, ssh.Config{}).Run(t.Context(), s.endpoint(), credential, ssh.Command{Line: "sh -s"}); !errors.Is(err, ssh.ErrSudo) {
		t.Errorf("Run = %v; want %v", err, ssh.ErrSudo)
	}
}
