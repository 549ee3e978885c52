// Package ca is the site's intermediate CA on the appliance (DESIGN D9-D11): it
// issues agents' client certificates (30 days, SAN
// <agent>.agent.<site>.osiris.internal, CN the agent id) and the appliance's own
// server certificate (7 days, SAN appliance.<site>.osiris.internal), and says
// what a peer's certificate is worth. Keys are P-256. The root's key is never
// here, and the intermediate is name-constrained by Central.
//
// Classify tells none, expired and valid apart; revocation is not its business,
// because that list lives in the trust document.
package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// Lifetimes of DESIGN D9 and D10. Certificates start an hour early, for clocks
// that are a little behind.
const (
	agentLifetime  = 30 * 24 * time.Hour
	serverLifetime = 7 * 24 * time.Hour
	backdate       = time.Hour
)

// CA issues under one intermediate.
type CA struct {
	siteID string
	key    *ecdsa.PrivateKey

	mu           sync.RWMutex
	root         *x509.Certificate
	intermediate *x509.Certificate
	others       []*x509.Certificate // under the site's other live root, for its chain
	server       *serverCertificate
	known        map[[32]byte]Leaf // verified certificates by SHA-256
}

// New checks that the three belong together.
func New(siteID string, key *ecdsa.PrivateKey, intermediate, root *x509.Certificate) (*CA, error) {
	c := &CA{siteID: siteID, key: key, known: map[[32]byte]Leaf{}}
	return c, c.Replace(intermediate, root, nil)
}

// Replace takes a re-issued certificate of the same key and the root above it.
// others are such a pair for each other live root: agents that know only that one
// are shown it beside ours.
func (c *CA) Replace(intermediate, root *x509.Certificate, others []*x509.Certificate) error {
	pairs := append([]*x509.Certificate{intermediate, root}, others...)
	if len(pairs)%2 != 0 {
		return errors.New("taking intermediate certificate: one has no root")
	}
	for n := 0; n < len(pairs); n += 2 {
		if err := c.ours(pairs[n], pairs[n+1]); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.intermediate, c.root, c.others, c.server = intermediate, root, others, nil
	return nil
}

// ours checks that a certificate is for our key and of the root.
func (c *CA) ours(intermediate, root *x509.Certificate) error {
	if pub, ok := intermediate.PublicKey.(*ecdsa.PublicKey); !ok || !pub.Equal(c.key.Public()) {
		return errors.New("taking intermediate certificate: it is for another key")
	}
	if err := intermediate.CheckSignatureFrom(root); err != nil {
		return fmt.Errorf("taking intermediate certificate: %w", err)
	}
	return nil
}

// Chain is what goes above a leaf, up to the root, DER; then the same up to the
// site's other live root.
func (c *CA) Chain() [][]byte {
	c.mu.RLock()
	defer c.mu.RUnlock()
	chain := [][]byte{c.intermediate.Raw, c.root.Raw}
	for _, other := range c.others {
		chain = append(chain, other.Raw)
	}
	return chain
}

// Root is the site root.
func (c *CA) Root() *x509.Certificate {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.root
}

// Issued is a new certificate.
type Issued struct {
	DER      []byte
	Serial   []byte // big-endian
	NotAfter time.Time
}

// IssueAgent makes the client certificate of an agent for its public key.
func (c *CA) IssueAgent(agentID string, pub *ecdsa.PublicKey) (Issued, error) {
	return c.issue(agentID, c.agentName(agentID), pub, agentLifetime, x509.ExtKeyUsageClientAuth)
}

func (c *CA) agentName(agentID string) string {
	return agentID + ".agent." + c.siteID + ".osiris.internal"
}

func (c *CA) issue(name, dns string, pub *ecdsa.PublicKey, lifetime time.Duration, usage x509.ExtKeyUsage) (Issued, error) {
	if pub.Curve != elliptic.P256() {
		return Issued{}, fmt.Errorf("issuing for %s: the key is not P-256", name)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return Issued{}, fmt.Errorf("issuing for %s: %w", name, err)
	}
	serial.SetBit(serial, 127, 0)
	c.mu.RLock()
	parent := c.intermediate
	c.mu.RUnlock()
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		DNSNames:     []string{dns},
		NotBefore:    now.Add(-backdate),
		NotAfter:     now.Add(lifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{usage},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, c.key)
	if err != nil {
		return Issued{}, fmt.Errorf("issuing for %s: %w", name, err)
	}
	return Issued{DER: der, Serial: serial.Bytes(), NotAfter: template.NotAfter}, nil
}
