//go:build integration

package winrm_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
)

// TestACertificateAskedForInTheMiddleIsShown: http.sys asks for a client's
// certificate by renegotiation, when it has seen the request. OpenSSL's test
// server does so when it is told to.
func TestACertificateAskedForInTheMiddleIsShown(t *testing.T) {
	server, parsed := identity(t, "ws01")
	client, theirs := identity(t, "osiris")
	dir := t.TempDir()
	file, authority := filepath.Join(dir, "server.pem"), filepath.Join(dir, "authority.pem")
	write(t, file, pemText(t, server))
	write(t, authority, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: theirs.Raw})))
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	cmd := exec.Command("/usr/bin/openssl", "s_server", "-accept", address, "-cert", file, "-key", file, "-CAfile", authority, "-tls1_2", "-crlf")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has no other end
		_ = cmd.Wait()         // killed
	})
	said := func(want string) {
		t.Helper()
		for end := time.After(20 * time.Second); ; {
			select {
			case line, ok := <-lines:
				if !ok {
					t.Fatalf("openssl ended before %q", want)
				}
				if strings.Contains(line, want) {
					return
				}
			case <-end:
				t.Fatalf("openssl did not say %q", want)
			}
		}
	}
	said("ACCEPT")
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := winrm.Endpoint{Host: "127.0.0.1", Name: "ws01", CAs: pool(parsed)}
	if _, err := fmt.Sscan(port, &endpoint.Port); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := newRoad(t, winrm.Config{Retries: -1}).Run(within(t, 30*time.Second), endpoint, winrm.Credential{Method: winrm.Certificate, Certificate: &client}, winrm.Command{Line: "x"})
		done <- err
	}()
	said("secprofile/https/mutual")
	say := func(text string) {
		t.Helper()
		if _, err := io.WriteString(stdin, text); err != nil {
			t.Fatal(err)
		}
	}
	say("R\n") // renegotiate, and ask for a certificate
	said("CN = osiris")
	body := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Detail><WSManFault Code="2150859173"/></s:Detail></s:Fault></s:Body></s:Envelope>`
	say(fmt.Sprintf("HTTP/1.1 500 no\nContent-Type: application/soap+xml\nContent-Length: %d\n\n%s\n", len(body), body))
	if err := <-done; !errors.Is(err, winrm.ErrQuota) {
		t.Errorf("Run = %v; want %v", err, winrm.ErrQuota)
	}
}

func pemText(t *testing.T, c tls.Certificate) string {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})) +
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}))
}
