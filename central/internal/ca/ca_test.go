package ca_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/osiriscare/osiris/central/internal/ca"
)

func key(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// chain makes a root and an intermediate of a site.
func chain(t *testing.T, site string) (*ca.Authority, *x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	root, err := ca.New("root")
	if err != nil {
		t.Fatal(err)
	}
	k := key(t)
	der, err := root.Intermediate(site, &k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return root, c, k
}

func TestAnIntermediateIssuesForItsOwnSiteOnly(t *testing.T) {
	const site = "s_abcdefghijklmnopqrstuvwxyz"
	root, intermediate, k := chain(t, site)
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(root.Certificate)
	between.AddCert(intermediate)
	for name, tt := range map[string]struct {
		leaf x509.Certificate
		good bool
	}{
		"an agent of the site":     {x509.Certificate{DNSNames: []string{"ag_1.agent." + site + ".osiris.internal"}}, true},
		"the site's appliance":     {x509.Certificate{DNSNames: []string{"appliance." + site + ".osiris.internal"}}, true},
		"an agent of another site": {x509.Certificate{DNSNames: []string{"ag_1.agent.s_other.osiris.internal"}}, false},
		"a site that ends like it": {x509.Certificate{DNSNames: []string{"x" + site + ".osiris.internal"}}, false},
		"any other name":           {x509.Certificate{DNSNames: []string{"bank.example"}}, false},
		"an IPv4 address":          {x509.Certificate{IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1)}}, false},
		"an IPv6 address":          {x509.Certificate{IPAddresses: []net.IP{net.ParseIP("fd00::1")}}, false},
		"a mailbox":                {x509.Certificate{EmailAddresses: []string{"a@bank.example"}}, false},
		"a mailbox of the site":    {x509.Certificate{EmailAddresses: []string{"a@" + site + ".osiris.internal"}}, false},
		"a further authority":      {x509.Certificate{DNSNames: []string{site + ".osiris.internal"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, false},
	} {
		t.Run(name, func(t *testing.T) {
			leafKey := key(t)
			leaf := tt.leaf
			leaf.SerialNumber, leaf.NotBefore, leaf.NotAfter = big.NewInt(1), time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
			leaf.Subject = pkix.Name{CommonName: "leaf"}
			leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			der, err := x509.CreateCertificate(rand.Reader, &leaf, intermediate, &leafKey.PublicKey, k)
			if err != nil {
				t.Fatal(err)
			}
			c, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			options := x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
			if tt.leaf.IsCA {
				// What counts is that nothing under a further authority verifies.
				c, options.Intermediates = under(t, c, leafKey), between.Clone()
				options.Intermediates.AddCert(mustParse(t, der))
			}
			if _, err := c.Verify(options); (err == nil) != tt.good {
				t.Errorf("Verify = %v; want it to be accepted: %t", err, tt.good)
			}
		})
	}
}

func mustParse(t *testing.T, der []byte) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// under makes a leaf of an authority.
func under(t *testing.T, parent *x509.Certificate, k *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	leafKey := key(t)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		DNSNames: parent.DNSNames, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, parent, &leafKey.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	return mustParse(t, der)
}

func TestAnApplianceCertificateNamesItsIds(t *testing.T) {
	a, err := ca.New("appliances")
	if err != nil {
		t.Fatal(err)
	}
	k := key(t)
	der, err := a.Client("ap_1", "s_1", &k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	id, site, err := ca.ParseApplianceName(mustParse(t, der))
	if err != nil || id != "ap_1" || site != "s_1" {
		t.Errorf("ParseApplianceName = %q, %q, %v; want ap_1, s_1", id, site, err)
	}
	for name, c := range map[string]x509.Certificate{
		"no name":         {Subject: pkix.Name{CommonName: "ap_1"}},
		"two names":       {Subject: pkix.Name{CommonName: "ap_1"}, DNSNames: []string{ca.ApplianceName("ap_1", "s_1"), ca.ApplianceName("ap_1", "s_2")}},
		"another subject": {Subject: pkix.Name{CommonName: "ap_2"}, DNSNames: []string{ca.ApplianceName("ap_1", "s_1")}},
		"an agent's name": {Subject: pkix.Name{CommonName: "ag_1"}, DNSNames: []string{"ag_1.agent.s_1.osiris.internal"}},
		"more labels":     {Subject: pkix.Name{CommonName: "ap_1"}, DNSNames: []string{"ap_1.appliance.s_1.evil.osiris.internal"}},
		"another domain":  {Subject: pkix.Name{CommonName: "ap_1"}, DNSNames: []string{"ap_1.appliance.s_1.osiris.example"}},
	} {
		if id, site, err := ca.ParseApplianceName(&c); err == nil {
			t.Errorf("ParseApplianceName(%s) = %q, %q; want an error", name, id, site)
		}
	}
}

func TestParseKeyTakesP256InOneFormOnly(t *testing.T) {
	k := key(t)
	good, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ca.ParseKey(good); err != nil || !got.Equal(&k.PublicKey) {
		t.Errorf("ParseKey(good) = %v", err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := x509.MarshalPKIXPublicKey(&other.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	pub, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ed, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	for name, der := range map[string][]byte{"nothing": nil, "P-384": p384, "Ed25519": ed, "a byte more": append(good, 0)} {
		if _, err := ca.ParseKey(der); err == nil {
			t.Errorf("ParseKey(%s) succeeded", name)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	k := key(f)
	good, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{0x30})
	f.Fuzz(func(t *testing.T, der []byte) {
		parsed, err := ca.ParseKey(der)
		if err != nil {
			return
		}
		if again, err := x509.MarshalPKIXPublicKey(parsed); err != nil || string(again) != string(der) {
			t.Errorf("ParseKey accepted %x, which is written %x", der, again)
		}
	})
}

func TestLoadRefusesAnotherKey(t *testing.T) {
	a, err := ca.New("a")
	if err != nil {
		t.Fatal(err)
	}
	b, err := ca.New("b")
	if err != nil {
		t.Fatal(err)
	}
	own, err := a.Key()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ca.Load(a.Certificate.Raw, own); err != nil {
		t.Errorf("Load = %v", err)
	}
	if _, err := ca.Load(b.Certificate.Raw, own); err == nil {
		t.Error("Load took the key of another authority")
	}
}
