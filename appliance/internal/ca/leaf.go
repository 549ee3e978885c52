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
	// Issuer is the serial number of another appliance's intermediate that issued
	// it, big-endian; nil when we did ourselves. Whoever asks whether the
	// certificate is revoked asks about this one, too.
	Issuer []byte
	// root is the hash of the root above Issuer.
	root [32]byte
}

// maxKnown bounds the table of verified certificates: twice the fleet that one
// appliance serves (DESIGN §11).
const maxKnown = 20000

// Classify judges a peer's certificates at now. Signatures are checked once per
// certificate; dates every time. A certificate that another appliance of the
// site issued counts when the peer shows that one's intermediate and a root whose
// SPKI hash is in roots: so a dead appliance is replaced, and a root changed,
// without touching agents (D10).
func (c *CA) Classify(certs []*x509.Certificate, now time.Time, roots [][]byte) (Class, Leaf) {
	if len(certs) == 0 {
		return None, Leaf{}
	}
	sum := sha256.Sum256(certs[0].Raw)
	c.mu.RLock()
	leaf, ok := c.known[sum]
	c.mu.RUnlock()
	if !ok {
		if leaf, ok = c.verify(certs, roots); !ok {
			return None, Leaf{}
		}
		leaf.SHA256 = sum
		c.remember(leaf)
	}
	switch {
	case now.Before(leaf.NotBefore), leaf.Issuer != nil && !live(leaf.root, roots):
		return None, Leaf{}
	case now.After(leaf.NotAfter):
		return Expired, leaf
	}
	return Valid, leaf
}

// verify checks everything about a certificate but the dates: an agent that was
// off for long still proves that it was ours (D11).
func (c *CA) verify(certs []*x509.Certificate, roots [][]byte) (Leaf, bool) {
	cert := certs[0]
	c.mu.RLock()
	intermediate := c.intermediate
	c.mu.RUnlock()
	id := cert.Subject.CommonName
	pub, p256 := cert.PublicKey.(*ecdsa.PublicKey)
	switch {
	case !p256 || cert.IsCA,
		len(cert.UnhandledCriticalExtensions) > 0,
		!slices.Equal(cert.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}),
		len(cert.DNSNames) != 1 || cert.DNSNames[0] != c.agentName(id),
		strings.Contains(id, "."):
		return Leaf{}, false
	}
	leaf := Leaf{
		AgentID: id, Serial: cert.SerialNumber.Bytes(), PublicKey: pub,
		NotBefore: cert.NotBefore, NotAfter: cert.NotAfter,
	}
	if cert.CheckSignatureFrom(intermediate) == nil {
		return leaf, true
	}
	return leaf, c.foreign(&leaf, certs, roots)
}

// maxShown bounds the certificates of a peer that are looked at: leaf,
// intermediate and root, and the pair of a change of roots.
const maxShown = 5

// foreign looks for another intermediate and its root among what the peer shows.
// The dates are those of the leaf's issue; afterwards a certificate lives no
// longer than its issuer, whose key may be anywhere by then.
func (c *CA) foreign(leaf *Leaf, certs []*x509.Certificate, roots [][]byte) bool {
	pool := x509.NewCertPool()
	shown := append([]*x509.Certificate{c.Root()}, certs[1:min(len(certs), maxShown)]...)
	for _, root := range shown {
		if live(sha256.Sum256(root.RawSubjectPublicKeyInfo), roots) {
			pool.AddCert(root)
		}
	}
	between := x509.NewCertPool()
	for _, issuer := range shown[1:] {
		between.AddCert(issuer)
	}
	chains, err := certs[0].Verify(x509.VerifyOptions{
		Roots: pool, Intermediates: between, CurrentTime: leaf.NotBefore, DNSName: certs[0].DNSNames[0],
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil || len(chains[0]) != 3 {
		return false
	}
	issuer, root := chains[0][1], chains[0][2]
	leaf.Issuer, leaf.root = issuer.SerialNumber.Bytes(), sha256.Sum256(root.RawSubjectPublicKeyInfo)
	if issuer.NotAfter.Before(leaf.NotAfter) {
		leaf.NotAfter = issuer.NotAfter
	}
	return true
}

func live(root [32]byte, roots [][]byte) bool {
	return slices.ContainsFunc(roots, func(r []byte) bool { return string(r) == string(root[:]) })
}

func (c *CA) remember(leaf Leaf) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxKnown {
		clear(c.known) // it only saves work
	}
	c.known[leaf.SHA256] = leaf
}
