//go:build integration

package winrm_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
)

func TestTheChannelIsBound(t *testing.T) {
	k := startKDC(t, "")
	certificate, parsed := identity(t, "127.0.0.1")
	file := filepath.Join(t.TempDir(), "host.pem")
	write(t, file, pemText(t, certificate))
	right := sha256.Sum256(parsed.Raw)
	spnego := alice
	spnego.Method = winrm.NTLMSPNEGO
	for name, c := range map[string]struct {
		mechanisms []string
		credential winrm.Credential
	}{
		"ntlm":           {[]string{oidNTLM}, alice},
		"ntlm in spnego": {[]string{oidNTLM, oidSPNEGO}, spnego},
		"kerberos":       {[]string{oidKerberos, oidSPNEGO}, aliceAtRealm},
	} {
		t.Run(name, func(t *testing.T) {
			a := startAcceptor(t, map[string]any{"mechanisms": c.mechanisms, "tls": file, "bindings": hex.EncodeToString(right[:])}, k.env...)
			endpoint := winrm.Endpoint{Host: "127.0.0.1", Port: a.port, Pin: sha256.Sum256(parsed.RawSubjectPublicKeyInfo)}
			commands(t, a, newRoad(t, winrm.Config{Retries: -1, KDCs: k.find}), endpoint, c.credential)
		})
		t.Run(name+" for each request", func(t *testing.T) {
			a := startAcceptor(t, map[string]any{"mechanisms": c.mechanisms, "tls": file, "forget": []string{"/Create<", "/Send<"}}, k.env...)
			endpoint := winrm.Endpoint{Host: "127.0.0.1", Port: a.port, Pin: sha256.Sum256(parsed.RawSubjectPublicKeyInfo)}
			commands(t, a, newRoad(t, winrm.Config{Retries: -1, KDCs: k.find}), endpoint, c.credential)
		})
		t.Run(name+" in another channel", func(t *testing.T) {
			a := startAcceptor(t, map[string]any{"mechanisms": c.mechanisms, "tls": file, "bindings": strings.Repeat("00", 32)}, k.env...)
			endpoint := winrm.Endpoint{Host: "127.0.0.1", Port: a.port, Pin: sha256.Sum256(parsed.RawSubjectPublicKeyInfo)}
			_, err := newRoad(t, winrm.Config{Retries: -1, KDCs: k.find}).Run(within(t, 20*time.Second), endpoint, c.credential, winrm.Command{Line: "echo x"})
			if !errors.Is(err, winrm.ErrAuth) {
				t.Errorf("Run = %v; want %v", err, winrm.ErrAuth)
			}
		})
	}
}
