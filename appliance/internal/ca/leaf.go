package ca

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"strings"
	"time"
)

// Class is what a peer's certificate is worth by itself.
type Class uint8

// Peers without a certificate of ours are None: they get no further than a
// stranger does.
const (
	None Class = iota
	Expired
	Valid
)

// String is for logs.
func (c Class) String() string { return [...]string{"none", "expired", "valid"}[c] }

// Leaf is an agent's verified certificate.
type Leaf struct {
	AgentID   string
	Serial    []byte // big-endian
	PublicKey *ecdsa.PublicKey
	NotBefore time.Time
	NotAfter  time.Time
	SHA256    [32]byte // of the DER
}

// maxKnown bounds the table of verified certificates: twice the fleet that one
// appliance serves (DESIGN §11).
const maxKnown = 20000

// Classify judges a peer's certificates at now. Signatures are checked once per
// certificate; dates every time.
func (c *CA) Classify(certs []*x509.Certificate, now time.Time) (Class, Leaf) {
	if len(certs) == 0 {
		return None, Leaf{}
	}
	sum := sha256.Sum256(certs[0].Raw)
	c.mu.RLock()
	leaf, ok := c.known[sum]
	c.mu.RUnlock()
	if !ok {
		if leaf, ok = c.verify(certs[0]); !ok {
			return None, Leaf{}
		}
		leaf.SHA256 = sum
		c.remember(leaf)
	}
	switch {
	case now.Before(leaf.NotBefore):
		return None, Leaf{}
	case now.After(leaf.NotAfter):
		return Expired, leaf
	}
	return Valid, leaf
}

// verify checks everything about a certificate but the dates: an agent that was
// off for long still proves that it was ours (D11).
func (c *CA) verify(cert *x509.Certificate) (Leaf, bool) {
	c.mu.RLock()
	intermediate := c.intermediate
	c.mu.RUnlock()
	id := cert.Subject.CommonName
	pub, p256 := cert.PublicKey.(*ecdsa.PublicKey)
	switch {
	case !p256 || cert.IsCA || cert.CheckSignatureFrom(intermediate) != nil,
		len(cert.UnhandledCriticalExtensions) > 0,
		!slices.Equal(cert.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}),
		len(cert.DNSNames) != 1 || cert.DNSNames[0] != c.agentName(id),
		strings.Contains(id, "."):
		return Leaf{}, false
	}
	return Leaf{
		AgentID: id, Serial: cert.SerialNumber.Bytes(), PublicKey: pub,
		NotBefore: cert.NotBefore, NotAfter: cert.NotAfter,
	}, true
}

func (c *CA) remember(leaf Leaf) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxKnown {
		clear(c.known) // it only saves work
	}
	c.known[leaf.SHA256] = leaf
}
