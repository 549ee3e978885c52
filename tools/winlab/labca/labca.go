// Package labca makes the certificates of the lab: one authority, made at
// start and kept in memory, and a certificate for each host. Keys are P-256,
// certificates are valid for a day around now. ErrNames is a certificate for
// nobody. It is for tests; nothing here is kept or trusted elsewhere.
package labca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// ErrNames is a certificate for nobody.
var ErrNames = errors.New("no names")

// CA is the lab's authority.
type CA struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// New makes an authority.
func New(name string) (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the key of %s: %w", name, err)
	}
	t, err := template(name)
	if err != nil {
		return nil, err
	}
	t.IsCA, t.BasicConstraintsValid = true, true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("making the certificate of %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate of %s: %w", name, err)
	}
	return &CA{key: key, cert: cert}, nil
}

func template(name string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("making a serial number: %w", err)
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-12 * time.Hour), NotAfter: time.Now().Add(12 * time.Hour),
	}, nil
}

// Host makes a server's certificate for DNS names and IP addresses.
func (c *CA) Host(names ...string) (tls.Certificate, error) {
	return c.issue(x509.ExtKeyUsageServerAuth, names)
}

// Client makes a certificate that a user logs on with.
func (c *CA) Client(name string) (tls.Certificate, error) {
	return c.issue(x509.ExtKeyUsageClientAuth, []string{name})
}

func (c *CA) issue(usage x509.ExtKeyUsage, names []string) (tls.Certificate, error) {
	if len(names) == 0 {
		return tls.Certificate{}, ErrNames
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making the key of %s: %w", names[0], err)
	}
	t, err := template(names[0])
	if err != nil {
		return tls.Certificate{}, err
	}
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{usage}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, c.cert, &key.PublicKey, c.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making the certificate of %s: %w", names[0], err)
	}
	return tls.Certificate{Certificate: [][]byte{der, c.cert.Raw}, PrivateKey: key}, nil
}

// Pool trusts this authority alone.
func (c *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.cert)
	return pool
}

// PEM is the authority's certificate for a file.
func (c *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Raw})
}

// EndPointHash is the hash that tls-server-end-point (RFC 5929) takes of a
// certificate: that of its signature, but SHA-256 for MD5 and SHA-1.
func EndPointHash(cert tls.Certificate) ([]byte, error) {
	if len(cert.Certificate) == 0 {
		return nil, ErrNames
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("reading a certificate: %w", err)
	}
	hash := crypto.SHA256
	switch leaf.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		hash = crypto.SHA384
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		hash = crypto.SHA512
	default:
	}
	h := hash.New()
	h.Write(leaf.Raw)
	return h.Sum(nil), nil
}
