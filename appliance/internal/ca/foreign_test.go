package ca_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/ca"
)

// TestAnotherAppliancesCertificateCountsUnderALiveRoot is the replacement of an
// appliance, and the change of a root: agents keep what they have.
func TestAnotherAppliancesCertificateCountsUnderALiveRoot(t *testing.T) {
	c, root, _, rootKey, _ := site(t)
	_, nextRoot, nextBetween, _, nextKey := site(t)
	pin := func(c *x509.Certificate) []byte {
		sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
		return sum[:]
	}
	now := time.Now()
	issuerKey := key(t, elliptic.P256())
	authority := func(change func(*x509.Certificate)) *x509.Certificate {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "the appliance before"}, IsCA: true, BasicConstraintsValid: true,
			NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(48 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
			PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{"s_1.osiris.internal"},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		}
		change(template)
		return issue(t, template, root, &issuerKey.PublicKey, rootKey)
	}
	same := func(*x509.Certificate) {}
	before := authority(same)
	leaf := func(change func(*x509.Certificate), parent *x509.Certificate, by *ecdsa.PrivateKey) *x509.Certificate {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(9), Subject: pkix.Name{CommonName: "ag_1"}, DNSNames: []string{"ag_1.agent.s_1.osiris.internal"},
			NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}
		change(template)
		return issue(t, template, parent, &key(t, elliptic.P256()).PublicKey, by)
	}
	ours := leaf(same, before, issuerKey)
	short := authority(func(c *x509.Certificate) { c.NotAfter = now.Add(time.Hour) })
	elsewhere := authority(func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"s_2.osiris.internal"} })
	noAuthority := authority(func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature })
	next := leaf(same, nextBetween, nextKey)
	both := [][]byte{pin(root), pin(nextRoot)}
	for _, test := range []struct {
		name  string
		shown []*x509.Certificate
		roots [][]byte
		at    time.Time
		want  ca.Class
	}{
		{"leaf, intermediate and root", []*x509.Certificate{ours, before, root}, both, now, ca.Valid},
		{"our own root need not be shown", []*x509.Certificate{ours, before}, both, now, ca.Valid},
		{"under a second live root", []*x509.Certificate{next, nextBetween, nextRoot}, both, now, ca.Valid},
		{"under a second root that nobody shows", []*x509.Certificate{leaf(same, nextBetween, nextKey), nextBetween}, both, now, ca.None},
		{"under a root that is not live", []*x509.Certificate{next, nextBetween, nextRoot}, both[:1], now, ca.None},
		{"after our root was withdrawn", []*x509.Certificate{ours, before, root}, both[1:], now, ca.None},
		{"without any document", []*x509.Certificate{ours, before, root}, nil, now, ca.None},
		{"without its intermediate", []*x509.Certificate{leaf(same, before, issuerKey), root}, both, now, ca.None},
		{"of an intermediate for another site", []*x509.Certificate{leaf(same, elsewhere, issuerKey), elsewhere, root}, both, now, ca.None},
		{"of a certificate that is no authority", []*x509.Certificate{leaf(same, noAuthority, issuerKey), noAuthority, root}, both, now, ca.None},
		{"later than its own end", []*x509.Certificate{ours, before, root}, both, now.Add(25 * time.Hour), ca.Expired},
		{"later than its issuer's end", []*x509.Certificate{leaf(same, short, issuerKey), short, root}, both, now.Add(2 * time.Hour), ca.Expired},
		{"issued after its issuer's end", []*x509.Certificate{leaf(func(c *x509.Certificate) { c.NotBefore = now.Add(2 * time.Hour) }, short, issuerKey), short, root}, both, now.Add(3 * time.Hour), ca.None},
		{"of the root itself", []*x509.Certificate{leaf(same, root, rootKey), root}, both, now, ca.None},
	} {
		for range 2 { // the second time from memory
			got, l := c.Classify(test.shown, test.at, test.roots)
			if got != test.want {
				t.Errorf("%s: Classify = %s; want %s", test.name, got, test.want)
			}
			if got == ca.Valid && (l.AgentID != "ag_1" || len(l.Issuer) == 0) {
				t.Errorf("%s: Classify = %+v; want the agent and its issuer's serial", test.name, l)
			}
		}
	}
}
