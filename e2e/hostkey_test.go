//go:build integration

package e2e_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/osiriscare/osiris/e2e/stack"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

// keyed is an SSH host that shows a key and lets nobody in.
type keyed struct {
	listener net.Listener
	mu       sync.Mutex
	signer   ssh.Signer
}

func newKeyed(t *testing.T) *keyed {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &keyed{listener: l}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			k.mu.Lock()
			config := &ssh.ServerConfig{PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { return nil, net.ErrClosed }}
			config.AddHostKey(k.signer)
			k.mu.Unlock()
			serving.Go(func() {
				_, _, _, _ = ssh.NewServerConn(c, config) // nobody gets in
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		serving.Wait()
	})
	return k
}

// installed anew, the host has another key; its fingerprint is given.
func (k *keyed) installed(t *testing.T) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.signer = signer
	return ssh.FingerprintSHA256(signer.PublicKey())
}

// TestAnOperatorResetsTheKeyOfAnSSHHost pins a key, and another one after the host
// was installed anew, by orders from the shell.
func TestAnOperatorResetsTheKeyOfAnSSHHost(t *testing.T) {
	l := startLab(t, practice.Config{Hosts: 1, Healthy: true}, trustv1.Tier_TIER_MONITOR_ONLY, func(c *stack.Config) { c.Scan.Interval = time.Hour })
	k := newKeyed(t)
	first := k.installed(t)
	_, port, err := net.SplitHostPort(k.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	reset := func(code int, says []string, more ...string) {
		t.Helper()
		got, out := l.ordered(append([]string{"target", "reset-host-key", "web01", "--wait", "2m"}, more...)...)
		for _, s := range says {
			if got != code || !strings.Contains(out, s) {
				t.Errorf("reset-host-key %v = %d; want %d and %q:\n%s", more, got, code, s, out)
			}
		}
	}
	pinned := func(lines int) {
		t.Helper()
		raw, err := os.ReadFile(filepath.Join(l.dir, "appliance", "known_hosts"))
		if err != nil || strings.Count(string(raw), "[127.0.0.1]:"+port+" ssh-ed25519 ") != lines {
			t.Errorf("known_hosts = %q, %v; want %d keys of the host", raw, err, lines)
		}
	}
	if code, out := l.ordered("target", "add", "web01", "--kind", "linux", "--host", "127.0.0.1", "--port", port, "--credential", "none"); code != 0 {
		t.Fatalf("target add = %d: %s", code, out)
	}
	reset(0, []string{"replaced", "host shows     " + first}, "--accept", first)
	pinned(1)
	second := k.installed(t)
	reset(5, []string{"refused", "shows no key with the fingerprint", "pinned before  " + first, "host shows     " + second}, "--accept", first)
	reset(0, []string{"replaced", "pinned before  " + first, "host shows     " + second}, "--accept", second)
	pinned(1)
	reset(0, []string{"forgotten", "pinned before  " + second, "host shows     " + second, "ssh-keygen"})
	pinned(0)
}
