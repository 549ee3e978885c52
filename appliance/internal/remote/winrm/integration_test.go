//go:build integration

package winrm_test

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
)

var insecureTLS = &tls.Config{InsecureSkipVerify: true}

var alice = winrm.Credential{Method: winrm.NTLM, User: `NORTHVALLEY\alice`, Password: "Secret-1"}

func newRoad(t *testing.T, cfg winrm.Config) *winrm.Road {
	t.Helper()
	r := winrm.New(cfg, slog.New(slog.DiscardHandler))
	t.Cleanup(r.Close)
	return r
}

func (a *acceptor) endpoint() winrm.Endpoint {
	return winrm.Endpoint{Host: "127.0.0.1", Port: a.port, HTTP: true}
}

func TestNTLMSealedAgainstAnotherImplementation(t *testing.T) {
	for _, method := range []winrm.Method{winrm.NTLM, winrm.NTLMSPNEGO} {
		t.Run(string(method), func(t *testing.T) {
			mechs := []string{oidNTLM}
			if method == winrm.NTLMSPNEGO {
				mechs = []string{oidNTLM, oidSPNEGO}
			}
			a := startAcceptor(t, map[string]any{"mechanisms": mechs})
			credential := alice
			credential.Method = method
			commands(t, a, newRoad(t, winrm.Config{Retries: -1}), a.endpoint(), credential)
		})
	}
}

// commands runs one of each kind and judges what the acceptor counted.
func commands(t *testing.T, a *acceptor, road *winrm.Road, endpoint winrm.Endpoint, credential winrm.Credential) {
	t.Helper()
	ctx := within(t, 30*time.Second)
	for _, c := range []struct {
		name           string
		command        winrm.Command
		stdout, stderr string
		code           int
	}{
		{"output", winrm.Command{Line: "echo Größe & <tag>"}, "Größe & <tag>", "", 0},
		{"an exit code and standard error", winrm.Command{Line: "exit 3 #< CLIXML"}, "", "#< CLIXML", 3},
		{"a megabyte", winrm.Command{Line: "big 1000000"}, strings.Repeat("x", 1000000), "", 0},
		{"characters cut in two", winrm.Command{Line: "split"}, "äöü€", "", 0},
		{"standard input in pieces", winrm.Command{Line: "cat", Stdin: []byte(strings.Repeat("0123456789", 30000))}, strings.Repeat("0123456789", 30000), "", 0},
		{"empty standard input", winrm.Command{Line: "cat", Stdin: []byte{}}, "", "", 0},
		{"a wait", winrm.Command{Line: "sleep 1.2"}, "slept", "", 0},
	} {
		out, err := road.Run(ctx, endpoint, credential, c.command)
		if err != nil {
			t.Fatalf("%s: Run = %v", c.name, err)
		}
		if string(out.Stdout) != c.stdout || string(out.Stderr) != c.stderr || out.ExitCode != c.code {
			t.Errorf("%s: Run = %.60q, %.60q, %d; want %.60q, %.60q, %d", c.name, out.Stdout, out.Stderr, out.ExitCode, c.stdout, c.stderr, c.code)
		}
	}
	s := a.stats(t)
	if s.Open != 0 || s.Created != 7 || s.Deleted != 7 {
		t.Errorf("shells: %+v; want 7 made and deleted", s)
	}
	if !endpoint.HTTP {
		return
	}
	if s.Plaintext != 0 || s.Handshakes > 2 {
		t.Errorf("messages: %+v; want one handshake and nothing plain", s)
	}
}

func TestAHostThatForgetsAConnectionIsAskedOnANewOne(t *testing.T) {
	a := startAcceptor(t, map[string]any{"forget": []string{"/Delete<"}})
	road := newRoad(t, winrm.Config{Retries: -1})
	for range 3 {
		if _, err := road.Run(within(t, 20*time.Second), a.endpoint(), alice, winrm.Command{Line: "echo x"}); err != nil {
			t.Fatal(err)
		}
	}
	if s := a.stats(t); s.Plaintext != 0 || s.Deleted != 3 {
		t.Errorf("messages: %+v; want nothing plain and three shells deleted", s)
	}
}

var aliceAtRealm = winrm.Credential{Method: winrm.Kerberos, User: "alice@" + realm, Password: "Secret-1"}

func TestKerberosSealedAgainstAnotherImplementation(t *testing.T) {
	k := startKDC(t, "")
	a := startAcceptor(t, map[string]any{"mechanisms": []string{oidKerberos, oidSPNEGO}}, k.env...)
	road := newRoad(t, winrm.Config{Retries: -1, KDCs: k.find})
	commands(t, a, road, a.endpoint(), aliceAtRealm)
	if s := a.stats(t); len(s.Mechanisms) != 1 || s.Mechanisms[0] != oidKerberos || s.Sealed == 0 {
		t.Errorf("messages: %+v; want them sealed by Kerberos", s)
	}
}

func TestKerberosWithEachCipher(t *testing.T) {
	for _, cipher := range []string{"aes256-cts-hmac-sha1-96", "aes128-cts-hmac-sha1-96", "aes256-cts-hmac-sha384-192", "aes128-cts-hmac-sha256-128"} {
		t.Run(cipher, func(t *testing.T) {
			k := startKDC(t, "supported_enctypes = "+cipher+":normal\n  master_key_type = aes256-cts")
			a := startAcceptor(t, map[string]any{"mechanisms": []string{oidKerberos, oidSPNEGO}}, k.env...)
			commands(t, a, newRoad(t, winrm.Config{Retries: -1, KDCs: k.find}), a.endpoint(), aliceAtRealm)
		})
	}
}

func TestAWrongPasswordIsARefusalWhateverTheMethod(t *testing.T) {
	k := startKDC(t, "")
	for _, method := range []winrm.Method{winrm.NTLM, winrm.NTLMSPNEGO, winrm.Kerberos} {
		t.Run(string(method), func(t *testing.T) {
			mechs := map[winrm.Method][]string{winrm.NTLM: {oidNTLM}, winrm.NTLMSPNEGO: {oidNTLM, oidSPNEGO}, winrm.Kerberos: {oidKerberos, oidSPNEGO}}[method]
			a := startAcceptor(t, map[string]any{"mechanisms": mechs}, k.env...)
			credential := winrm.Credential{Method: method, User: `NORTHVALLEY\alice`, Password: "Secret-2", Realm: realm}
			road := newRoad(t, winrm.Config{KDCs: k.find})
			for range 3 {
				_, err := road.Run(within(t, 20*time.Second), a.endpoint(), credential, winrm.Command{Line: "echo x"})
				if !errors.Is(err, winrm.ErrAuth) {
					t.Errorf("Run = %v; want %v", err, winrm.ErrAuth)
				}
			}
			if s := a.stats(t); s.Handshakes > 2 || s.Plaintext != 0 || s.Created != 0 {
				t.Errorf("the host saw %+v; want one attempt", s)
			}
		})
	}
}

func TestAServiceThatTheKDCDoesNotKnow(t *testing.T) {
	k := startKDC(t, "")
	a := startAcceptor(t, map[string]any{"mechanisms": []string{oidKerberos, oidSPNEGO}}, k.env...)
	endpoint := a.endpoint()
	endpoint.Name = "ws99.northvalley.local"
	_, err := newRoad(t, winrm.Config{KDCs: k.find}).Run(within(t, 20*time.Second), endpoint, aliceAtRealm, winrm.Command{Line: "echo x"})
	if !errors.Is(err, winrm.ErrReply) || errors.Is(err, winrm.ErrAuth) {
		t.Errorf("Run = %v; want %v", err, winrm.ErrReply)
	}
}

func TestAHostWithANewKeyIsSignedInToAgain(t *testing.T) {
	k := startKDC(t, "")
	a := startAcceptor(t, map[string]any{"mechanisms": []string{oidKerberos, oidSPNEGO}}, k.env...)
	road := newRoad(t, winrm.Config{Retries: -1, KDCs: k.find})
	run := func(port int) error {
		endpoint := a.endpoint()
		endpoint.Port = port
		_, err := road.Run(within(t, 20*time.Second), endpoint, aliceAtRealm, winrm.Command{Line: "echo x"})
		return err
	}
	if err := run(a.port); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(k.keytab); err != nil {
		t.Fatal(err)
	}
	k.admin(t, "ktadd -k "+k.keytab+" HTTP/127.0.0.1") // with a new key
	joined := startAcceptor(t, map[string]any{"mechanisms": []string{oidKerberos, oidSPNEGO}}, k.env...)
	if err := run(joined.port); !errors.Is(err, winrm.ErrAuth) {
		t.Fatalf("Run with the old ticket = %v; want %v", err, winrm.ErrAuth)
	}
	if err := run(joined.port); err != nil {
		t.Errorf("Run = %v; want a new ticket", err)
	}
}
