package winrm_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net/http"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
)

// identity is a certificate of its own making.
func identity(t *testing.T, name string) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, parsed
}

func pool(c *x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(c)
	return p
}

func TestWhoseCertificateIsTrusted(t *testing.T) {
	certificate, parsed := identity(t, "ws01.northvalley.local")
	_, other := identity(t, "ws01.northvalley.local")
	key := sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
	f := startFake(t, &fake{tls: &tls.Config{Certificates: []tls.Certificate{certificate}}})
	for name, c := range map[string]struct {
		endpoint winrm.Endpoint
		ok       bool
	}{
		"of its own CA":                   {winrm.Endpoint{Host: "ws01.northvalley.local", CAs: pool(parsed)}, true},
		"of its own CA, by another name":  {winrm.Endpoint{Host: "10.0.0.5", Name: "ws01.northvalley.local", CAs: pool(parsed)}, true},
		"of its own CA, for another host": {winrm.Endpoint{Host: "ws02.northvalley.local", CAs: pool(parsed)}, false},
		"of another CA":                   {winrm.Endpoint{Host: "ws01.northvalley.local", CAs: pool(other)}, false},
		"of nobody":                       {winrm.Endpoint{Host: "ws01.northvalley.local"}, false},
		"pinned":                          {winrm.Endpoint{Host: "ws09", Pin: key}, true},
		"pinned to another key":           {winrm.Endpoint{Host: "ws01.northvalley.local", CAs: pool(parsed), Pin: [32]byte{1}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c.endpoint.AllowBasic = true
			_, err := f.road(t, winrm.Config{Retries: -1}).Run(t.Context(), c.endpoint, basic, winrm.Command{Line: "x"})
			if c.ok {
				if err != nil {
					t.Errorf("Run = %v", err)
				}
				return
			}
			var u *winrm.Untrusted
			if !errors.Is(err, winrm.ErrUntrusted) || !errors.As(err, &u) || u.SPKI != key {
				t.Errorf("Run = %v; want %v with the key %x", err, winrm.ErrUntrusted, key)
			}
		})
	}
}

func TestAClientCertificateIsShown(t *testing.T) {
	server, parsed := identity(t, "ws01")
	client, theirs := identity(t, "osiris")
	f := startFake(t, &fake{tls: &tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool(theirs)}})
	endpoint := winrm.Endpoint{Host: "10.0.0.5", Name: "ws01", CAs: pool(parsed)}
	credential := winrm.Credential{Method: winrm.Certificate, Certificate: &client}
	r := f.road(t, winrm.Config{Retries: -1})
	out, err := r.Run(t.Context(), endpoint, credential, winrm.Command{Line: "x"})
	if err != nil || string(out.Stdout) != "ok" {
		t.Errorf("Run = %+v, %v", out, err)
	}
	if got := f.seen[0].authorization; got != "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual" {
		t.Errorf("Authorization = %q", got)
	}
	f.answer = statusAt("Create", http.StatusUnauthorized)
	if _, err := r.Run(t.Context(), endpoint, credential, winrm.Command{Line: "x"}); !errors.Is(err, winrm.ErrAuth) {
		t.Errorf("Run with a certificate that maps to nobody = %v; want %v", err, winrm.ErrAuth)
	}
}

func TestAHostThatSpeaksNoTLS(t *testing.T) {
	f := startFake(t, &fake{})
	_, err := f.road(t, winrm.Config{Retries: -1}).Run(t.Context(), winrm.Endpoint{Host: "ws01", AllowBasic: true}, basic, winrm.Command{Line: "x"})
	if !errors.Is(err, winrm.ErrUnreachable) || f.actions() != "" {
		t.Errorf("Run = %v after %q; want %v and nothing said", err, f.actions(), winrm.ErrUnreachable)
	}
}
