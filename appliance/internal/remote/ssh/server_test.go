package ssh_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
)

// server is a small SSH server that works, but for what a test changes.
type server struct {
	listener net.Listener
	config   *gossh.ServerConfig
	// run answers a command; the channel is closed afterwards.
	run func(line string, c gossh.Channel) uint32
	// wrap changes a connection before a word is said on it.
	wrap func(net.Conn) net.Conn
	// refuse tells whether one more session is refused.
	refuse func(open int) bool

	mu                                      sync.Mutex
	dials, logins, open, running, most, all int
	conns                                   []net.Conn
}

func newSigner(t testing.TB) gossh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := gossh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newServer(t testing.TB, s *server) *server {
	t.Helper()
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if s.config == nil {
		s.config = &gossh.ServerConfig{PasswordCallback: func(m gossh.ConnMetadata, p []byte) (*gossh.Permissions, error) {
			s.mu.Lock()
			s.logins++
			s.mu.Unlock()
			if m.User() != "osiris" || string(p) != "Secret-1" {
				return nil, errors.New("no")
			}
			return nil, nil
		}}
		s.config.AddHostKey(newSigner(t))
	}
	if s.run == nil {
		s.run = func(_ string, c gossh.Channel) uint32 {
			_, _ = io.Copy(c, c) // what it reads is the answer
			return 0
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() { s.accept(&wg) })
	t.Cleanup(func() {
		_ = s.listener.Close()
		s.cut()
		wg.Wait()
	})
	return s
}

// cut breaks every connection.
func (s *server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
}

func (s *server) accept(wg *sync.WaitGroup) {
	for {
		nc, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.dials++
		s.conns = append(s.conns, nc)
		s.mu.Unlock()
		if s.wrap != nil {
			nc = s.wrap(nc)
		}
		wg.Go(func() { s.serve(nc, wg) })
	}
}

func (s *server) serve(nc net.Conn, wg *sync.WaitGroup) {
	defer nc.Close() //nolint:errcheck // a test's end
	s.mu.Lock()
	config := s.config
	s.mu.Unlock()
	_, channels, requests, err := gossh.NewServerConn(nc, config)
	if err != nil {
		return
	}
	wg.Go(func() { gossh.DiscardRequests(requests) })
	for n := range channels {
		s.mu.Lock()
		refused := s.refuse != nil && s.refuse(s.open)
		if !refused {
			s.open++
			s.all++
		}
		s.mu.Unlock()
		if refused {
			_ = n.Reject(gossh.ConnectionFailed, "open failed")
			continue
		}
		c, requests, err := n.Accept()
		if err != nil {
			return
		}
		wg.Go(func() { s.session(c, requests, wg) })
	}
}

func (s *server) session(c gossh.Channel, requests <-chan *gossh.Request, wg *sync.WaitGroup) {
	for r := range requests {
		var exec struct{ Line string }
		if r.Type != "exec" || gossh.Unmarshal(r.Payload, &exec) != nil {
			_ = r.Reply(false, nil)
			continue
		}
		_ = r.Reply(true, nil)
		wg.Go(func() {
			s.mu.Lock()
			s.running++
			s.most = max(s.most, s.running)
			s.mu.Unlock()
			code := s.run(exec.Line, c)
			s.mu.Lock()
			s.running--
			s.mu.Unlock()
			_, _ = c.SendRequest("exit-status", false, gossh.Marshal(struct{ Code uint32 }{code}))
			_ = c.Close()
		})
	}
	s.mu.Lock()
	s.open--
	s.mu.Unlock()
	_ = c.Close()
}

// counts are the connections, sessions open now, most commands at once, and all there were.
func (s *server) counts() (dials, open, most, all int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dials, s.open, s.most, s.all
}

// logged is how many passwords there were.
func (s *server) logged() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

func (s *server) endpoint() ssh.Endpoint {
	return ssh.Endpoint{Host: "127.0.0.1", Port: s.listener.Addr().(*net.TCPAddr).Port}
}

var password = ssh.Credential{User: "osiris", Password: "Secret-1"}

func newRoad(t testing.TB, cfg ssh.Config) *ssh.Road {
	t.Helper()
	return roadWith(t, cfg, ssh.NewKnownHosts(filepath.Join(t.TempDir(), "known_hosts")))
}

func roadWith(t testing.TB, cfg ssh.Config, keys ssh.HostKeys) *ssh.Road {
	t.Helper()
	if cfg.Retries == 0 {
		cfg.Retries = -1
	}
	r := ssh.New(cfg, keys, slog.New(slog.DiscardHandler))
	t.Cleanup(r.Close)
	return r
}

// settles waits until a condition that others bring about holds.
func settles(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: it never came to that", what)
		}
	}
}

// says makes a server's command that writes the same to both streams.
func says(n int) func(string, gossh.Channel) uint32 {
	return func(_ string, c gossh.Channel) uint32 {
		chunk := make([]byte, 1<<10)
		for range n / len(chunk) {
			if _, err := c.Stderr().Write(chunk); err != nil {
				return 1
			}
		}
		for range n / len(chunk) {
			if _, err := c.Write(chunk); err != nil {
				return 1
			}
		}
		return 3
	}
}
