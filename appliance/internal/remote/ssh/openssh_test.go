//go:build integration && sshd

// OpenSSH's server, of OSIRIS_SSHD or the system, in a mount namespace of its own:
// it needs root, changes nothing of the machine and listens on loopback. It has a
// tag of its own, because Debian's package starts a service where it is installed.

package ssh_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
)

const insideNamespace = `set -eu
mount --make-rprivate /
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/shadow" /etc/shadow
mount -t tmpfs tmpfs /run
mkdir -m 755 /run/sshd
exec "$2" -D -e -f "$1/sshd_config"
`

// startOpenSSH gives the server's endpoint; the key of the second result signs in.
func startOpenSSH(t *testing.T, more string) (ssh.Endpoint, []byte) {
	t.Helper()
	folder := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	hostKey, _ := newKey(t)
	key, public := newKey(t)
	hash, err := exec.CommandContext(t.Context(), "openssl", "passwd", "-6", "Secret-1").Output()
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("host_key", string(hostKey))
	write("authorized_keys", string(gossh.MarshalAuthorizedKey(public)))
	write("passwd", "root:x:0:0::/root:/bin/sh\nsshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\nosiris:x:65532:65534::/:/bin/sh\n")
	write("shadow", "osiris:"+strings.TrimSpace(string(hash))+":20000:0:99999:7:::\n")
	write("sshd_config", fmt.Sprintf("ListenAddress 127.0.0.1:%d\nHostKey %s/host_key\nAuthorizedKeysFile %s/authorized_keys\nStrictModes no\nUsePAM no\nPidFile none\nUseDNS no\n%s\n", port, folder, folder, more))
	for _, name := range []string{"passwd", "authorized_keys", "."} {
		if err := os.Chmod(filepath.Join(folder, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Dir(folder), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", insideNamespace, "sh", folder, cmp.Or(os.Getenv("OSIRIS_SSHD"), "/usr/sbin/sshd"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGTERM}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-done
		if t.Failed() {
			t.Logf("sshd says:\n%s", log.String())
		}
	})
	e := ssh.Endpoint{Host: "127.0.0.1", Port: port}
	settles(t, "sshd listens", func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return e, key
}

func TestOpenSSHTakesKeysAndPasswords(t *testing.T) {
	e, key := startOpenSSH(t, "PasswordAuthentication yes")
	for name, c := range map[string]ssh.Credential{"a key": {User: "osiris", Key: key}, "a password": password} {
		script := []byte("id -un\necho sad >&2\n" + strings.Repeat("# padding\n", 50_000) + "exit 3\n")
		out, err := newRoad(t, ssh.Config{}).Run(t.Context(), e, c, ssh.Command{Line: "sh -s", Stdin: script})
		if err != nil || string(out.Stdout) != "osiris\n" || string(out.Stderr) != "sad\n" || out.ExitCode != 3 {
			t.Errorf("%s: Run = %q, %q, %d, %v", name, out.Stdout, out.Stderr, out.ExitCode, err)
		}
	}
	wrong := password
	wrong.Password = "wrong"
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
				out, err := r.Run(t.Context(), e, ssh.Credential{User: "osiris", Key: key}, ssh.Command{Line: "sh -s", Stdin: []byte("echo $PPID\n")})
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
	if _, err := newRoad(t, ssh.Config{}).Run(t.Context(), e, ssh.Credential{User: "osiris", Key: key}, ssh.Command{Line: "true"}); !errors.Is(err, ssh.ErrQuota) {
		t.Errorf("Run = %v; want %v", err, ssh.ErrQuota)
	}
}

func TestOpenSSHWithOldAlgorithmsIsTooWeak(t *testing.T) {
	e, key := startOpenSSH(t, "Ciphers aes128-cbc")
	if _, err := newRoad(t, ssh.Config{}).Run(t.Context(), e, ssh.Credential{User: "osiris", Key: key}, ssh.Command{Line: "true"}); !errors.Is(err, ssh.ErrWeak) {
		t.Errorf("Run = %v; want %v", err, ssh.ErrWeak)
	}
}

func TestAnEndlessCommandIsLeftAtTheDeadline(t *testing.T) {
	e, key := startOpenSSH(t, "")
	r := newRoad(t, ssh.Config{Cleanup: 100 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := r.Run(ctx, e, ssh.Credential{User: "osiris", Key: key}, ssh.Command{Line: "sleep 5"})
	t.Logf("given up after %s", time.Since(begun))
	if !errors.Is(err, ssh.ErrTimeout) {
		t.Errorf("Run = %v; want %v", err, ssh.ErrTimeout)
	}
	if out, err := r.Run(t.Context(), e, ssh.Credential{User: "osiris", Key: key}, ssh.Command{Line: "echo next"}); err != nil || string(out.Stdout) != "next\n" {
		t.Errorf("the next: Run = %q, %v", out.Stdout, err)
	}
}
