package labca_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"

	"github.com/osiriscare/osiris/tools/winlab/labca"
)

func TestCertificatesAreForTheirNamesAndUses(t *testing.T) {
	ca, err := labca.New("Lab")
	if err != nil {
		t.Fatal(err)
	}
	host, err := ca.Host("ws01.northvalley.example", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	client, err := ca.Client("osiris")
	if err != nil {
		t.Fatal(err)
	}
	verify := func(c tls.Certificate, name string, use x509.ExtKeyUsage) error {
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		_, err = leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: ca.Pool(), KeyUsages: []x509.ExtKeyUsage{use}})
		return err
	}
	for _, name := range []string{"ws01.northvalley.example", "127.0.0.1"} {
		if err := verify(host, name, x509.ExtKeyUsageServerAuth); err != nil {
			t.Errorf("the host's for %s: %v", name, err)
		}
	}
	if err := verify(host, "ws02.northvalley.example", x509.ExtKeyUsageServerAuth); err == nil {
		t.Error("the host's is for another host too")
	}
	if err := verify(client, "osiris", x509.ExtKeyUsageClientAuth); err != nil {
		t.Errorf("the client's: %v", err)
	}
	if err := verify(client, "osiris", x509.ExtKeyUsageServerAuth); err == nil {
		t.Error("the client's is a server's too")
	}
	block, rest := pem.Decode(ca.PEM())
	if block == nil || len(rest) > 0 || !bytes.Equal(block.Bytes, host.Certificate[1]) {
		t.Error("PEM is not the authority's certificate")
	}
	want := sha256.Sum256(host.Certificate[0])
	if got, err := labca.EndPointHash(host); err != nil || !bytes.Equal(got, want[:]) {
		t.Errorf("EndPointHash = %x, %v; want %x", got, err, want)
	}
	if _, err := ca.Host(); !errors.Is(err, labca.ErrNames) {
		t.Errorf("Host() = %v; want ErrNames", err)
	}
	if _, err := labca.EndPointHash(tls.Certificate{}); !errors.Is(err, labca.ErrNames) {
		t.Errorf("EndPointHash of nothing = %v; want ErrNames", err)
	}
}
