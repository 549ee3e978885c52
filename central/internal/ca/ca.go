// Package ca makes certificates: Central's two authorities (one for its own
// server certificates, one for appliances' client certificates) and each site's
// root, which issues the name-constrained intermediate that the appliance uses
// for agents (DESIGN D10). Keys are P-256, certificates DER, serial numbers 127
// random bits. Names end in osiris.internal:
//
//	<appliance>.appliance.<site>.osiris.internal   client certificate, 90 days
//	<site>.osiris.internal                         intermediate, 1 year
//
// Private keys stay in Authority; Key gives the PKCS #8 bytes to whoever stores
// them.
package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Lifetimes (DESIGN D10; roots outlive the six years evidence is kept).
const (
	rootLifetime         = 20 * 365 * 24 * time.Hour
	intermediateLifetime = 365 * 24 * time.Hour
	clientLifetime       = 90 * 24 * time.Hour
	serverLifetime       = 90 * 24 * time.Hour
	// backdate starts validity early, for clocks that are a little behind.
	backdate = time.Hour
)

// Domain ends every name of the product's certificates.
const Domain = "osiris.internal"

// Authority is a self-signed certificate with its key.
type Authority struct {
	Certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// New makes an authority.
func New(commonName string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making authority %s: %w", commonName, err)
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: commonName}, NotBefore: now.Add(-backdate), NotAfter: now.Add(rootLifetime),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, BasicConstraintsValid: true, IsCA: true,
	}
	der, err := create(template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("making authority %s: %w", commonName, err)
	}
	certificate, err := x509.ParseCertificate(der)
	return &Authority{Certificate: certificate, key: key}, err
}

// Load takes what Certificate.Raw and Key gave.
func Load(certificate, key []byte) (*Authority, error) {
	c, err := x509.ParseCertificate(certificate)
	if err != nil {
		return nil, fmt.Errorf("reading authority: %w", err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("reading key of authority %s: %w", c.Subject.CommonName, err)
	}
	k, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !k.PublicKey.Equal(c.PublicKey) {
		return nil, fmt.Errorf("reading key of authority %s: it is the key of another", c.Subject.CommonName)
	}
	return &Authority{Certificate: c, key: k}, nil
}

// Key is the private key, PKCS #8 DER.
func (a *Authority) Key() ([]byte, error) { return x509.MarshalPKCS8PrivateKey(a.key) }

// Pin is SHA-256 of the SubjectPublicKeyInfo.
func (a *Authority) Pin() [sha256.Size]byte { return Pin(a.Certificate) }

// Pin is SHA-256 of a certificate's SubjectPublicKeyInfo.
func Pin(c *x509.Certificate) [sha256.Size]byte { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

// ParseKey reads a P-256 public key from PKIX DER; it takes only the one form
// that Go writes, so that equal keys have equal bytes.
func ParseKey(der []byte) (*ecdsa.PublicKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("reading public key: %w", err)
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("reading public key: it is not a P-256 key")
	}
	again, err := x509.MarshalPKIXPublicKey(key)
	if err != nil || string(again) != string(der) {
		return nil, errors.New("reading public key: it is not in the usual form")
	}
	return key, nil
}

// HalfOver reports whether more than half of a certificate's life has passed.
func HalfOver(der []byte, now time.Time) bool {
	c, err := x509.ParseCertificate(der)
	return err != nil || now.After(c.NotBefore.Add(c.NotAfter.Sub(c.NotBefore)/2))
}

func create(template, parent *x509.Certificate, pub *ecdsa.PublicKey, key *ecdsa.PrivateKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial.Add(serial, big.NewInt(1))
	return x509.CreateCertificate(rand.Reader, template, parent, pub, key)
}
