//go:build integration

// OpenSSH's server of Debian 12, as systemd starts it in a namespace: see e2e/lab/linux.

package ssh_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
	"github.com/osiriscare/osiris/e2e/lab/linux"
)

func TestMain(m *testing.M) { os.Exit(linux.Main(m.Run)) }

// startOpenSSH gives the server's endpoint; the key of the second result signs
// linux.Keeper in. more are lines of its configuration.
func startOpenSSH(t *testing.T, more string) (ssh.Endpoint, []byte) {
	t.Helper()
	target, err := linux.Open(t.Context())
	if errors.Is(err, linux.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			said, err := target.Run(context.WithoutCancel(t.Context()), "journalctl -q -o cat -u ssh | tail -n 50")
			t.Logf("sshd says: %s%v", said, err)
		}
		if err := target.Close(); err != nil {
			t.Error(err)
		}
	})
	key, public := newKey(t)
	_, err = target.Run(t.Context(), fmt.Sprintf(`umask 077
mkdir /home/keeper/.ssh
echo '%s' >/home/keeper/.ssh/authorized_keys
chown -R keeper: /home/keeper/.ssh
echo '%s' >/etc/ssh/sshd_config.d/00-test.conf
systemctl restart ssh`, strings.TrimSpace(string(gossh.MarshalAuthorizedKey(public))), more))
	if err != nil {
		t.Fatal(err)
	}
	return ssh.Endpoint{Host: target.Address}, key
}

func TestOpenSSHTakesKeysAndPasswords(t *testing.T) {
	e, key := startOpenSSH(t, "PasswordAuthentication yes")
	for name, c := range map[string]ssh.Credential{"a key": {User: linux.Keeper, Key: key}, "a password": {User: linux.Keeper, Password: linux.Password}} {
		script := []byte("id -un\necho sad >&2\n" + strings.Repeat("# padding\n", 50_000) + "exit 3\n")
		out, err := newRoad(t, ssh.Config{}).Run(t.Context(), e, c, ssh.Command{Line: "sh -s", Stdin: script})
		if err != nil || string(out.Stdout) != linux.Keeper+"\n" || string(out.Stderr) != "sad\n" || out.ExitCode != 3 {
			t.Errorf("%s: Run = %q, %q, %d, %v", name, out.Stdout, out.Stderr, out.ExitCode, err)
		}
	}
	wrong := ssh.Credential{User: linux.Keeper, Password: "wrong"}
	if _, err := newRoad(t, ssh.Config{}).Run(t.Context(), e, wrong, ssh.Command{Line: "true"}); !errors.Is(err, ssh.ErrAuth) {
		t.Errorf("Run = %v; want %v", err, ssh.ErrAuth)
	}
}

// OpenSSH frees a session only after it has read what came with its end, so that
// four at a time need up to eight (seen with 9.2, 2026-11-22).
func TestOpenSSHServesManyOverOneConnection(t *testing.T) {
	e, key := startOpenSSH(t, "MaxSessions 8\nMaxStartups 2")
	r := newRoad(t, ssh.Config{})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 4 {
				out, err := r.Run(t.Context(), e, ssh.Credential{User: linux.Keeper, Key: key}, ssh.Command{Line: "sh -s", Stdin: []byte("echo $PPID\n")})
				if err != nil || len(out.Stdout) == 0 {
					t.Errorf("Run = %q, %v", out.Stdout, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestOpenSSHOpensNoMoreSessionsThanItAllows(t *testing.T) {
	e, key := startOpenSSH(t, "MaxSessions 0")
	if _, err := newRoad(t, ssh.Config{}).Run(t.Context(), e, ssh.Credential{User: linux.Keeper, Key: key}, ssh.Command{Line: "true"}); !errors.Is(err, ssh.ErrQuota) {
		t.Errorf("Run = %v; want %v", err, ssh.ErrQuota)
	}
}

func TestOpenSSHWithOldAlgorithmsIsTooWeak(t *testing.T) {
	e, key := startOpenSSH(t, "Ciphers aes128-cbc")
	if _, err := newRoad(t, ssh.Config{}).Run(t.Context(), e, ssh.Credential{User: linux.Keeper, Key: key}, ssh.Command{Line: "true"}); !errors.Is(err, ssh.ErrWeak) {
		t.Errorf("Run = %v; want %v", err, ssh.ErrWeak)
	}
}

func TestAnEndlessCommandIsLeftAtTheDeadline(t *testing.T) {
	e, key := startOpenSSH(t, "")
	r := newRoad(t, ssh.Config{Cleanup: 100 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := r.Run(ctx, e, ssh.Credential{User: linux.Keeper, Key: key}, ssh.Command{Line: "sleep 5"})
	t.Logf("given up after %s", time.Since(begun))
	if !errors.Is(err, ssh.ErrTimeout) {
		t.Errorf("Run = %v; want %v", err, ssh.ErrTimeout)
	}
	if out, err := r.Run(t.Context(), e, ssh.Credential{User: linux.Keeper, Key: key}, ssh.Command{Line: "echo next"}); err != nil || string(out.Stdout) != "next\n" {
		t.Errorf("the next: Run = %q, %v", out.Stdout, err)
	}
}
