package identity

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"time"
)

// Peer is what a handshake found out about the appliance.
type Peer struct {
	Name         string // its DNS name
	ClockSuspect bool   // only the validity dates failed: our clock or theirs is wrong
}

// Expect is what a handshake asks of the appliance.
type Expect struct {
	Roots [][sha256.Size]byte // site roots of the trust document; none means the pin
	Now   time.Time           // by which certificates are judged
	Name  string              // exact DNS name, or empty for the site's
}

// Config is a TLS configuration for one connection. peer is filled in by the
// handshake, also by a resumed one.
func (i *Identity) Config(e Expect, peer *Peer) *tls.Config {
	i.mu.Lock()
	pin, site, session, leaf, key, chain := i.pin, i.siteID, i.session, i.leaf, i.key, i.chain
	i.mu.Unlock()
	// The document replaces the root of enrolment once it names roots: a root
	// that was withdrawn must not live on in a file.
	if pin != nil && len(e.Roots) == 0 {
		e.Roots = append(e.Roots, pin.SiteRoot)
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{"h2"},
		// The public roots and names mean nothing here; VerifyConnection below
		// checks the chain, and runs on resumption too.
		InsecureSkipVerify: true, //nolint:gosec // see VerifyConnection
		ServerName:         "appliance." + site + domain,
		ClientSessionCache: session,
		VerifyConnection: func(state tls.ConnectionState) error {
			return verify(state.PeerCertificates, site, e, peer)
		},
	}
	switch {
	case e.Name != "":
		config.ServerName = e.Name
	case site == "":
		config.ServerName = "appliance" + domain // we do not know the site yet
	}
	if leaf != nil {
		config.Certificates = []tls.Certificate{{Certificate: chain, PrivateKey: key, Leaf: leaf}}
	}
	return config
}

// verify checks that the chain ends in a pinned root and names the appliance of
// the site (of any one, while site is empty).
func verify(chain []*x509.Certificate, site string, e Expect, peer *Peer) error {
	if len(chain) == 0 {
		return fmt.Errorf("%w: it sent no certificate", ErrPeer)
	}
	name, ok := applianceName(chain[0], site, e.Name)
	if !ok {
		return fmt.Errorf("%w: its certificate names %s", ErrPeer, strings.Join(chain[0].DNSNames, ", "))
	}
	options := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), DNSName: name, CurrentTime: e.Now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	pinned := false
	for _, c := range chain[1:] {
		if isPinned(c, e.Roots) {
			options.Roots.AddCert(c)
			pinned = true
		} else {
			options.Intermediates.AddCert(c)
		}
	}
	if !pinned {
		return fmt.Errorf("%w: its chain ends in no pinned root", ErrPeer)
	}
	*peer = Peer{Name: name}
	_, err := chain[0].Verify(options)
	if err == nil {
		return nil
	}
	// The same chain at a moment when all of it was valid: if that passes,
	// nothing but a clock is wrong (D15).
	options.CurrentTime = commonMoment(chain)
	if _, err := chain[0].Verify(options); err != nil {
		return fmt.Errorf("%w: %w", ErrPeer, err)
	}
	peer.ClockSuspect = true
	return nil
}

func isPinned(c *x509.Certificate, roots [][sha256.Size]byte) bool {
	hash := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	for _, r := range roots {
		if hash == r {
			return true
		}
	}
	return false
}

// applianceName finds "appliance.<site>.osiris.internal" in a leaf, or exactly
// the wanted name.
func applianceName(leaf *x509.Certificate, site, want string) (string, bool) {
	for _, name := range leaf.DNSNames {
		if want != "" {
			if name == want {
				return name, true
			}
			continue
		}
		rest, found := strings.CutPrefix(name, "appliance.")
		if !found {
			continue
		}
		named, found := strings.CutSuffix(rest, domain)
		if found && named != "" && !strings.Contains(named, ".") && (site == "" || named == site) {
			return name, true
		}
	}
	return "", false
}

// commonMoment is the latest beginning among the certificates' validities.
func commonMoment(chain []*x509.Certificate) time.Time {
	moment := chain[0].NotBefore
	for _, c := range chain[1:] {
		if c.NotBefore.After(moment) {
			moment = c.NotBefore
		}
	}
	return moment
}
