package ssh_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
)

func TestACommandGetsItsInputAndGivesItsOutput(t *testing.T) {
	s := newServer(t, &server{run: func(line string, c gossh.Channel) uint32 {
		in, _ := io.ReadAll(c)
		_, _ = c.Stderr().Write([]byte(line))
		_, _ = c.Write(in)
		return 7
	}})
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	out, err := newRoad(t, ssh.Config{}).Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "sh -s", Stdin: want})
	if err != nil || !bytes.Equal(out.Stdout, want) || string(out.Stderr) != "sh -s" || out.ExitCode != 7 {
		t.Errorf("Run = %d bytes, %q, %d, %v", len(out.Stdout), out.Stderr, out.ExitCode, err)
	}
}

func TestBothStreamsAreReadAtOnce(t *testing.T) {
	s := newServer(t, &server{run: says(3 << 20)})
	out, err := newRoad(t, ssh.Config{}).Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "x"})
	if err != nil || len(out.Stdout) != 3<<20 || len(out.Stderr) != 3<<20 || out.ExitCode != 3 {
		t.Errorf("Run = %d and %d bytes, %d, %v", len(out.Stdout), len(out.Stderr), out.ExitCode, err)
	}
}

func TestOutputIsBounded(t *testing.T) {
	s := newServer(t, &server{run: says(64 << 20)})
	r := newRoad(t, ssh.Config{MaxOutput: 1 << 20})
	if _, err := r.Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "x"}); !errors.Is(err, ssh.ErrTooMuch) {
		t.Errorf("Run = %v; want %v", err, ssh.ErrTooMuch)
	}
	settles(t, "the session is closed", func() bool { _, open, _, _ := s.counts(); return open == 0 })
}

func TestManyCommandsShareOneConnectionAndFourSessions(t *testing.T) {
	s := newServer(t, &server{})
	r := newRoad(t, ssh.Config{})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 4 {
				if out, err := r.Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "x", Stdin: []byte("y")}); err != nil || string(out.Stdout) != "y" {
					t.Errorf("Run = %q, %v", out.Stdout, err)
				}
			}
		})
	}
	wg.Wait()
	settles(t, "every session is closed", func() bool { _, open, _, _ := s.counts(); return open == 0 })
	if dials, _, most, all := s.counts(); dials != 1 || most > 4 || all != 64 {
		t.Errorf("%d connections, %d commands at once, %d in all; want 1, at most 4, and 64", dials, most, all)
	}
}

func TestAConnectionIsKeptForItsTimeAndItsCredential(t *testing.T) {
	s := newServer(t, &server{})
	r := newRoad(t, ssh.Config{MaxAge: 300 * time.Millisecond})
	run := func() {
		t.Helper()
		if _, err := r.Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	run()
	time.Sleep(400 * time.Millisecond)
	run()
	if dials, _, _, _ := s.counts(); dials != 2 {
		t.Errorf("%d connections; want another one once the first was too old", dials)
	}
}

func TestAConnectionThatEndedMeanwhileIsReplaced(t *testing.T) {
	s := newServer(t, &server{})
	r := newRoad(t, ssh.Config{})
	for range 3 {
		if _, err := r.Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "x"}); err != nil {
			t.Fatal(err)
		}
		s.cut()
	}
	if dials, _, _, _ := s.counts(); dials != 3 {
		t.Errorf("%d connections; want 3", dials)
	}
}

// deaf is a connection that stops passing anything on after so many bytes.
type deaf struct {
	net.Conn
	left int
	stop chan struct{}
}

func (d *deaf) Read(b []byte) (int, error) {
	if d.left <= 0 {
		<-d.stop
		return 0, io.EOF
	}
	n, err := d.Conn.Read(b[:min(len(b), d.left)])
	d.left -= n
	return n, err
}

func TestAHungHostIsGivenUpAtTheDeadline(t *testing.T) {
	for name, left := range map[string]int{"before it says a word": 0, "in the key exchange": 100, "in the login": 1500, "in the input": 40_000} {
		t.Run(name, func(t *testing.T) {
			stop := make(chan struct{})
			s := newServer(t, &server{wrap: func(c net.Conn) net.Conn { return &deaf{c, left, stop} }})
			t.Cleanup(func() { close(stop) })
			r := newRoad(t, ssh.Config{Cleanup: 100 * time.Millisecond})
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			begun := time.Now()
			_, err := r.Run(ctx, s.endpoint(), password, ssh.Command{Line: "x", Stdin: make([]byte, 8<<20)})
			if took := time.Since(begun); !errors.Is(err, ssh.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Run = %v after %s; want %v", err, took, ssh.ErrTimeout)
			} else {
				t.Logf("given up after %s", took)
			}
		})
	}
}

func TestACommandThatDoesNotEndLeavesTheOthersAlone(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	s := newServer(t, &server{run: func(line string, c gossh.Channel) uint32 {
		if line == "long" {
			close(begun)
		}
		_, _ = io.Copy(io.Discard, c)
		<-end
		return 0
	}})
	r := newRoad(t, ssh.Config{})
	long := make(chan error, 1)
	go func() {
		_, err := r.Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "long"})
		long <- err
	}()
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := r.Run(ctx, s.endpoint(), password, ssh.Command{Line: "short"}); !errors.Is(err, ssh.ErrTimeout) {
		t.Errorf("Run = %v; want %v", err, ssh.ErrTimeout)
	}
	close(end)
	if err := <-long; err != nil {
		t.Errorf("the other command: %v", err)
	}
	if _, err := r.Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "next"}); err != nil {
		t.Errorf("the next command: %v", err)
	}
}

func TestARefusedCredentialIsShownOnce(t *testing.T) {
	s := newServer(t, &server{})
	r := newRoad(t, ssh.Config{Retries: 2})
	wrong := password
	wrong.Password = "wrong"
	for range 20 {
		if _, err := r.Run(t.Context(), s.endpoint(), wrong, ssh.Command{Line: "x", Idempotent: true}); !errors.Is(err, ssh.ErrAuth) || strings.Contains(err.Error(), "wrong") {
			t.Fatalf("Run = %v; want %v and no secret", err, ssh.ErrAuth)
		}
	}
	if n := s.logged(); n != 1 {
		t.Errorf("the password was sent %d times; want once", n)
	}
	if _, err := r.Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "x"}); err != nil {
		t.Errorf("another credential: %v", err)
	}
}

func TestAPasswordIsSentOnceWhateverTheQuestionIsCalled(t *testing.T) {
	var asked atomic.Int32
	config := &gossh.ServerConfig{
		PasswordCallback: func(gossh.ConnMetadata, []byte) (*gossh.Permissions, error) {
			asked.Add(1)
			return nil, errors.New("no")
		},
		KeyboardInteractiveCallback: func(_ gossh.ConnMetadata, ask gossh.KeyboardInteractiveChallenge) (*gossh.Permissions, error) {
			if answers, err := ask("", "", []string{"Password: "}, []bool{false}); err == nil && len(answers) == 1 {
				asked.Add(1)
			}
			return nil, errors.New("no")
		},
	}
	config.AddHostKey(newSigner(t))
	s := newServer(t, &server{config: config})
	if _, err := newRoad(t, ssh.Config{}).Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "x"}); !errors.Is(err, ssh.ErrAuth) || asked.Load() != 1 {
		t.Errorf("Run = %v after %d passwords; want %v after one", err, asked.Load(), ssh.ErrAuth)
	}
}

func TestAKeySignsIn(t *testing.T) {
	pem, public := newKey(t)
	config := &gossh.ServerConfig{PublicKeyCallback: func(_ gossh.ConnMetadata, k gossh.PublicKey) (*gossh.Permissions, error) {
		if !bytes.Equal(k.Marshal(), public.Marshal()) {
			return nil, errors.New("no")
		}
		return nil, nil
	}}
	config.AddHostKey(newSigner(t))
	s := newServer(t, &server{config: config})
	if _, err := newRoad(t, ssh.Config{}).Run(t.Context(), s.endpoint(), ssh.Credential{User: "osiris", Key: pem}, ssh.Command{Line: "x"}); err != nil {
		t.Errorf("Run = %v", err)
	}
}

func TestAChangedHostKeyIsNeverTakenSilently(t *testing.T) {
	file := filepath.Join(t.TempDir(), "known_hosts")
	keys := ssh.NewKnownHosts(file)
	s := newServer(t, &server{})
	run := func() error {
		t.Helper()
		_, err := roadWith(t, ssh.Config{Retries: 2}, ssh.NewKnownHosts(file)).Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "x", Idempotent: true})
		return err
	}
	if err := run(); err != nil {
		t.Fatal(err)
	}
	logins, other := s.logged(), newSigner(t)
	s.mu.Lock()
	s.config = &gossh.ServerConfig{PasswordCallback: s.config.PasswordCallback}
	s.config.AddHostKey(other)
	s.mu.Unlock()
	var untrusted *ssh.Untrusted
	if err := run(); !errors.Is(err, ssh.ErrUntrusted) || !errors.As(err, &untrusted) || untrusted.Fingerprint != gossh.FingerprintSHA256(other.PublicKey()) {
		t.Errorf("with another key Run = %v; want %v", err, ssh.ErrUntrusted)
	}
	if s.logged() != logins {
		t.Error("the password was sent to a host with another key")
	}
	address := s.listener.Addr().String()
	if was, err := keys.Reset(t.Context(), address); !was || err != nil {
		t.Fatalf("Reset = %v, %v", was, err)
	}
	if err := run(); err != nil {
		t.Errorf("after the reset Run = %v", err)
	}
	pinned, err := keys.Known(t.Context(), address)
	if err != nil || !bytes.Equal(pinned, other.PublicKey().Marshal()) {
		t.Errorf("Known = %x, %v; want the new key", pinned, err)
	}
}

func TestAnEndpointsPinDecidesAlone(t *testing.T) {
	key := newSigner(t)
	config := &gossh.ServerConfig{NoClientAuth: true}
	config.AddHostKey(key)
	s := newServer(t, &server{config: config})
	e := s.endpoint()
	e.Pin = sha256.Sum256(key.PublicKey().Marshal())
	if _, err := newRoad(t, ssh.Config{}).Run(t.Context(), e, password, ssh.Command{Line: "x"}); err != nil {
		t.Errorf("Run = %v", err)
	}
	e.Pin[0]++
	if _, err := newRoad(t, ssh.Config{}).Run(t.Context(), e, password, ssh.Command{Line: "x"}); !errors.Is(err, ssh.ErrUntrusted) {
		t.Errorf("Run = %v; want %v", err, ssh.ErrUntrusted)
	}
}

func TestWeakHostsAreRefused(t *testing.T) {
	for name, c := range map[string]gossh.Config{
		"an old key exchange":     {KeyExchanges: []string{gossh.InsecureKeyExchangeDH14SHA1}},
		"an old cipher":           {Ciphers: []string{gossh.InsecureCipherAES128CBC}},
		"a MAC before encryption": {Ciphers: []string{gossh.CipherAES128CTR}, MACs: []string{gossh.HMACSHA1}},
	} {
		config := &gossh.ServerConfig{Config: c, NoClientAuth: true}
		config.AddHostKey(newSigner(t))
		s := newServer(t, &server{config: config})
		if _, err := newRoad(t, ssh.Config{}).Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "x"}); !errors.Is(err, ssh.ErrWeak) {
			t.Errorf("%s: Run = %v; want %v", name, err, ssh.ErrWeak)
		}
	}
}

func TestTheErrorSaysWhatWasWrong(t *testing.T) {
	full := newServer(t, &server{refuse: func(int) bool { return true }})
	dies := newServer(t, &server{})
	dies.run = func(string, gossh.Channel) uint32 { dies.cut(); return 0 }
	gone := newServer(t, &server{})
	_ = gone.listener.Close()
	speaksHTTP, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = speaksHTTP.Close() })
	go func() {
		c, err := speaksHTTP.Accept()
		if err != nil {
			return
		}
		_, _ = c.Write([]byte("SSH-2.0-web\r\n" + strings.Repeat("<p>Bad Request</p>\r\n", 1000)))
		_, _ = io.Copy(io.Discard, c)
	}()
	web := ssh.Endpoint{Host: "127.0.0.1", Port: speaksHTTP.Addr().(*net.TCPAddr).Port}
	for name, c := range map[string]struct {
		e       ssh.Endpoint
		command ssh.Command
		want    error
	}{
		"a host that opens no session":   {full.endpoint(), ssh.Command{Line: "x"}, ssh.ErrQuota},
		"a connection that breaks":       {dies.endpoint(), ssh.Command{Line: "x"}, ssh.ErrUnreachable},
		"nobody there":                   {gone.endpoint(), ssh.Command{Line: "x"}, ssh.ErrUnreachable},
		"something else on the port":     {web, ssh.Command{Line: "x"}, ssh.ErrReply},
		"a line of two":                  {full.endpoint(), ssh.Command{Line: "x\ny"}, ssh.ErrInvalid},
		"a host that would be an option": {ssh.Endpoint{Host: "-oProxyCommand=x"}, ssh.Command{Line: "x"}, ssh.ErrInvalid},
	} {
		if _, err := newRoad(t, ssh.Config{}).Run(t.Context(), c.e, password, c.command); !errors.Is(err, c.want) {
			t.Errorf("%s: Run = %v; want %v", name, err, c.want)
		}
	}
}

func TestWhatMayPassIsTriedAgain(t *testing.T) {
	var times atomic.Int32
	s := newServer(t, &server{refuse: func(int) bool { return times.Add(1) < 3 }})
	r := newRoad(t, ssh.Config{Retries: 2, RetryDelay: time.Millisecond})
	if _, err := r.Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "x"}); err != nil || times.Load() != 3 {
		t.Errorf("Run = %v after %d tries; want success at the third", err, times.Load())
	}
	cut := newServer(t, &server{})
	var runs atomic.Int32
	cut.run = func(string, gossh.Channel) uint32 { runs.Add(1); cut.cut(); return 0 }
	if _, err := r.Run(t.Context(), cut.endpoint(), password, ssh.Command{Line: "x"}); !errors.Is(err, ssh.ErrUnreachable) || runs.Load() != 1 {
		t.Errorf("Run = %v after %d runs; a command that may have run is not run again", err, runs.Load())
	}
}

func TestAClosedRoadFails(t *testing.T) {
	s := newServer(t, &server{})
	r := newRoad(t, ssh.Config{})
	if _, err := r.Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "x"}); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := r.Run(t.Context(), s.endpoint(), password, ssh.Command{Line: "x"}); !errors.Is(err, ssh.ErrUnreachable) {
		t.Errorf("Run = %v; want %v", err, ssh.ErrUnreachable)
	}
}
