//go:build integration

package trial_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
	"github.com/osiriscare/osiris/e2e/lab/linux"
	"github.com/osiriscare/osiris/shared/check"
)

// settled waits until a script of the host prints what is wanted.
func (s *site) settled(what, text, want string) {
	s.t.Helper()
	got := ""
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if got = s.run(text); got == want {
			return
		}
	}
	s.t.Errorf("%s: %q; want %q", what, got, want)
}

func TestEachWayToSignInAndToBecomeRoot(t *testing.T) {
	s := newSite(t)
	d, err := catalogue(t).Scan("linux", check.SSHRootLogin)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, credential string
		want             error
	}{
		{"a key, and sudo without a password", linux.Keeper, nil},
		{"a password, and sudo with it", linux.Clerk, nil},
		{"sudo that asks where it should not", "unasked", ssh.ErrSudo},
		{"a user who may not use sudo", linux.Visitor, ssh.ErrSudo},
		{"a wrong password", "wrong", ssh.ErrAuth},
		{"and it is not shown again", "wrong", script.ErrHeld},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.target.Credential = c.credential
			reply, err := s.stale.Run(t.Context(), s.target, d, true)
			if !errors.Is(err, c.want) {
				t.Fatalf("Run = %v; want %v", err, c.want)
			}
			if err == nil && (len(reply.Parts) != 1 || !reply.Parts[0].OK) {
				t.Errorf("Run = %+v", reply.Parts)
			}
		})
	}
	if got := s.run("journalctl -q -o cat -u ssh | grep -c 'Failed password for clerk'"); got != "1" {
		t.Errorf("the wrong password was sent %s times; want once", got)
	}
	if got := s.run("journalctl -q -o cat | grep -c 'incorrect password attempt' || true"); got != "0" {
		t.Errorf("sudo got a wrong password %s times", got)
	}
}

func TestNoSecretIsSeenOnTheHost(t *testing.T) {
	s := newSite(t)
	out, err := s.road.Run(t.Context(), ssh.Endpoint{Host: s.target.Host}, s.credentials[linux.Clerk], ssh.Command{
		Line: "sh -s", Stdin: []byte("ps axww -o args\ncat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'\nid -u\n"),
	})
	if err != nil || !strings.HasSuffix(string(out.Stdout), "\n0\n") || strings.Contains(string(out.Stdout), linux.Password) {
		t.Errorf("Run = %v, %s", err, out.Stdout)
	}
}

func TestAHostThatHasAnotherKeyIsRefusedUntilItIsReset(t *testing.T) {
	s := newSite(t)
	at := ssh.Endpoint{Host: s.target.Host}
	id := ssh.Command{Line: "id -un"}
	first, err := s.road.Run(t.Context(), at, s.credentials[linux.Keeper], id)
	if err != nil || string(first.Stdout) != "root\n" {
		t.Fatalf("Run = %q, %v", first.Stdout, err)
	}
	pinned := s.run("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2")
	s.run("rm /etc/ssh/ssh_host_*\nssh-keygen -qA\nsystemctl restart ssh\npkill -f 'sshd: keeper' || true")
	now := s.run("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2")
	_, err = s.road.Run(t.Context(), at, s.credentials[linux.Keeper], ssh.Command{Line: "id -un", Idempotent: true})
	untrusted, is := errors.AsType[*ssh.Untrusted](err)
	if !is || untrusted.Pinned != pinned || untrusted.Fingerprint != now {
		t.Fatalf("Run = %v; want it to name %s, and %s as pinned", err, now, pinned)
	}
	if got := s.run("journalctl -q -o cat -u ssh --since -1min | grep -c 'Accepted publickey for keeper'"); got != "1" {
		t.Errorf("%s logins; want none with the other key", got)
	}
	if there, err := s.keys.Reset(t.Context(), s.target.Host+":22"); err != nil || !there {
		t.Fatalf("Reset = %t, %v", there, err)
	}
	if out, err := s.road.Run(t.Context(), at, s.credentials[linux.Keeper], id); err != nil || string(out.Stdout) != "root\n" {
		t.Errorf("after the reset: Run = %q, %v", out.Stdout, err)
	}
}

func TestManyCommandsLeaveNoSessionBehind(t *testing.T) {
	s := newSite(t)
	at := ssh.Endpoint{Host: s.target.Host}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 4 {
				out, err := s.road.Run(t.Context(), at, s.credentials[linux.Keeper], ssh.Command{Line: "sh -s", Stdin: []byte("id -u\n")})
				if err != nil || string(out.Stdout) != "0\n" {
					t.Errorf("Run = %q, %v", out.Stdout, err)
				}
			}
		})
	}
	wg.Wait()
	s.settled("shells that still run", "pgrep -c -fx 'sh -s' || true", "0")
	if got := s.run("journalctl -q -o cat -u ssh | grep -c 'Accepted publickey for keeper'"); got != "1" {
		t.Errorf("%s connections; want one", got)
	}
	s.road.Close()
	s.settled("sshd's connections", "pgrep -c -f '^sshd: keeper' || true", "0")
	s.settled("logind's sessions", "loginctl list-sessions --no-legend | wc -l", "0")
}

func TestAHungCommandIsLeftAtTheDeadlineAndItsSessionEnds(t *testing.T) {
	s := newSite(t)
	at := ssh.Endpoint{Host: s.target.Host}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := s.road.Run(ctx, at, s.credentials[linux.Keeper], ssh.Command{Line: "sh -s", Stdin: []byte("echo begun\nsleep 4242\n")})
	if !errors.Is(err, ssh.ErrTimeout) {
		t.Errorf("Run = %v; want %v", err, ssh.ErrTimeout)
	}
	out, err := s.road.Run(t.Context(), at, s.credentials[linux.Keeper], ssh.Command{Line: "echo next"})
	if err != nil || string(out.Stdout) != "next\n" {
		t.Errorf("the next: Run = %q, %v", out.Stdout, err)
	}
	// The command itself goes on: without a terminal nothing tells it.
	t.Logf("what hung still runs %s times", s.run("pgrep -c -fx 'sleep 4242' || true"))
	s.road.Close()
	s.settled("sshd's connections", "pgrep -c -f '^sshd: keeper' || true", "0")
}
