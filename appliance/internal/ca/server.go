package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"
)

// serverCertificate is the current one and when it is to be replaced.
type serverCertificate struct {
	tls   *tls.Certificate
	renew time.Time
}

// Server gives the certificate of the agent listener: leaf, intermediate and
// root, because agents pin the root. It makes a new one at half life.
func (c *CA) Server(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.RLock()
	have := c.server
	c.mu.RUnlock()
	if have != nil && time.Now().Before(have.renew) {
		return have.tls, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making server key: %w", err)
	}
	name := "appliance." + c.siteID + ".osiris.internal"
	issued, err := c.issue(name, name, &key.PublicKey, serverLifetime, x509.ExtKeyUsageServerAuth)
	if err != nil {
		return nil, err
	}
	made := &serverCertificate{
		tls:   &tls.Certificate{Certificate: append([][]byte{issued.DER}, c.Chain()...), PrivateKey: key},
		renew: time.Now().Add(serverLifetime / 2),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server = made
	return made.tls, nil
}
