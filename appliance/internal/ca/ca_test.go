package ca_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/ca"
)

func key(t *testing.T, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func issue(t *testing.T, template, parent *x509.Certificate, pub *ecdsa.PublicKey, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, by)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// site makes a CA with the keys of its root and intermediate.
func site(t *testing.T) (c *ca.CA, root, intermediate *x509.Certificate, rootKey, caKey *ecdsa.PrivateKey) {
	t.Helper()
	rootKey, caKey = key(t, elliptic.P256()), key(t, elliptic.P256())
	authority := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
		}
	}
	root = issue(t, authority(1, "root"), authority(1, "root"), &rootKey.PublicKey, rootKey)
	between := authority(2, "intermediate")
	between.PermittedDNSDomainsCritical, between.PermittedDNSDomains = true, []string{"s_1.osiris.internal"}
	intermediate = issue(t, between, root, &caKey.PublicKey, rootKey)
	c, err := ca.New("s_1", caKey, intermediate, root)
	if err != nil {
		t.Fatal(err)
	}
	return c, root, intermediate, rootKey, caKey
}

func TestWhatIsIssuedVerifiesForStandardClients(t *testing.T) {
	c, root, _, _, _ := site(t)
	server, err := c.Server(nil)
	if err != nil {
		t.Fatal(err)
	}
	agent, err := c.IssueAgent("ag_1", &key(t, elliptic.P256()).PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, dns string
		der       []byte
		usage     x509.ExtKeyUsage
		days      int
	}{
		{"the server's certificate", "appliance.s_1.osiris.internal", server.Certificate[0], x509.ExtKeyUsageServerAuth, 7},
		{"an agent's certificate", "ag_1.agent.s_1.osiris.internal", agent.DER, x509.ExtKeyUsageClientAuth, 30},
	} {
		leaf, err := x509.ParseCertificate(test.der)
		if err != nil {
			t.Fatal(err)
		}
		roots, between := x509.NewCertPool(), x509.NewCertPool()
		roots.AddCert(root)
		intermediate, err := x509.ParseCertificate(c.Chain()[0])
		if err != nil {
			t.Fatal(err)
		}
		between.AddCert(intermediate)
		_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: test.dns, KeyUsages: []x509.ExtKeyUsage{test.usage}})
		if err != nil {
			t.Errorf("%s does not verify: %v", test.name, err)
		}
		if days := int(time.Until(leaf.NotAfter).Hours()/24 + 0.5); days != test.days {
			t.Errorf("%s lasts %d days; want %d", test.name, days, test.days)
		}
	}
	if len(server.Certificate) != 3 {
		t.Errorf("the server sends %d certificates; want leaf, intermediate and root, which agents pin", len(server.Certificate))
	}
	if _, err := c.IssueAgent("ag_2", &key(t, elliptic.P384()).PublicKey); err == nil {
		t.Error("a P-384 key got a certificate")
	}
}

func TestTheServersCertificateIsRenewedAtHalfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _, _ := site(t)
		first, err := c.Server(nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(83 * time.Hour)
		if same, err := c.Server(nil); err != nil || same != first {
			t.Errorf("a new certificate before half life, %v", err)
		}
		time.Sleep(2 * time.Hour)
		if next, err := c.Server(nil); err != nil || next == first {
			t.Errorf("the same certificate after half life, %v", err)
		}
	})
}

func TestClassify(t *testing.T) {
	c, root, intermediate, rootKey, caKey := site(t)
	_, _, otherCA, _, otherKey := site(t)
	now := time.Now()
	pub := &key(t, elliptic.P256()).PublicKey
	leaf := func(change func(*x509.Certificate)) *x509.Certificate {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(9), Subject: pkix.Name{CommonName: "ag_1"}, DNSNames: []string{"ag_1.agent.s_1.osiris.internal"},
			NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}
		change(template)
		return template
	}
	by := func(change func(*x509.Certificate)) *x509.Certificate {
		return issue(t, leaf(change), intermediate, pub, caKey)
	}
	server, err := c.Server(nil)
	if err != nil {
		t.Fatal(err)
	}
	own, err := x509.ParseCertificate(server.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		cert *x509.Certificate
		want ca.Class
	}{
		{"a certificate of ours", by(func(*x509.Certificate) {}), ca.Valid},
		{"one that ran out", by(func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) }), ca.Expired},
		{"one of tomorrow", by(func(c *x509.Certificate) { c.NotBefore = now.Add(time.Minute) }), ca.None},
		{"one for a server", by(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), ca.None},
		{"one for any use", by(func(c *x509.Certificate) { c.ExtKeyUsage = nil }), ca.None},
		{"a name that differs from its SAN", by(func(c *x509.Certificate) { c.Subject.CommonName = "ag_2" }), ca.None},
		{"two names", by(func(c *x509.Certificate) { c.DNSNames = append(c.DNSNames, "ag_2.agent.s_1.osiris.internal") }), ca.None},
		{"another site's name", by(func(c *x509.Certificate) { c.DNSNames = []string{"ag_1.agent.s_2.osiris.internal"} }), ca.None},
		{"a name with a dot", by(func(c *x509.Certificate) {
			c.Subject.CommonName, c.DNSNames = "a.b", []string{"a.b.agent.s_1.osiris.internal"}
		}), ca.None},
		{"the root's own", issue(t, leaf(func(*x509.Certificate) {}), root, pub, rootKey), ca.None},
		{"another intermediate's", issue(t, leaf(func(*x509.Certificate) {}), otherCA, pub, otherKey), ca.None},
		{"our server certificate", own, ca.None},
		{"our intermediate", intermediate, ca.None},
	} {
		for range 2 { // the second time from memory
			if got, l := c.Classify([]*x509.Certificate{test.cert}, now, nil); got != test.want || got == ca.Valid && l.AgentID != "ag_1" {
				t.Errorf("Classify(%s) = %s, %+v; want %s", test.name, got, l, test.want)
			}
		}
	}
	if got, _ := c.Classify(nil, now, nil); got != ca.None {
		t.Errorf("Classify of nothing = %s; want none", got)
	}
	remembered := by(func(*x509.Certificate) {})
	c.Classify([]*x509.Certificate{remembered}, now, nil)
	if got, _ := c.Classify([]*x509.Certificate{remembered}, now.Add(2*time.Hour), nil); got != ca.Expired {
		t.Errorf("a remembered certificate two hours later is %s; want expired", got)
	}
	if err := c.Replace(otherCA, root, nil); err == nil {
		t.Error("an intermediate for another key was taken")
	}
}
