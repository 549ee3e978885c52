package fakeappliance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"
)

// SiteID is the fake's site.
const SiteID = "s_aaaaaaaaaaaaaaaaaaaaaaaaaa"

// AgentID is what it calls every agent.
const AgentID = "ag_bbbbbbbbbbbbbbbbbbbbbbbbbb"

// Authority is Central and the site root in one: it signs everything.
type Authority struct {
	CentralRoot, Online, CommandKey *signed.Key

	mu         sync.Mutex
	root       *issuer
	between    *issuer
	serverCert *tls.Certificate
	doc        *trustv1.TrustDoc
	policy     *trustv1.Policy
	AgentLife  time.Duration // of new agent certificates
	ServerFrom time.Time     // validity of the server's certificate
	ServerTo   time.Time
}

type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes all keys, a trust document and a SELF_HEAL policy.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{
		CentralRoot: newKey(t), Online: newKey(t), CommandKey: newKey(t), AgentLife: 30 * 24 * time.Hour,
		ServerFrom: time.Now().Add(-time.Hour), ServerTo: time.Now().Add(7 * 24 * time.Hour),
	}
	a.root = issue(t, nil, &x509.Certificate{
		Subject: pkix.Name{CommonName: "site root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(3650 * 24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	})
	a.between = issue(t, a.root, &x509.Certificate{
		Subject: pkix.Name{CommonName: "appliance ca"}, IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomains: []string{SiteID + ".osiris.internal"}, PermittedDNSDomainsCritical: true,
	})
	root := sha256.Sum256(a.root.cert.RawSubjectPublicKeyInfo)
	now := time.Now()
	a.doc = &trustv1.TrustDoc{
		SiteId: SiteID, Version: 1, IssuedMs: now.UnixMilli(), ExpiresMs: now.Add(90 * 24 * time.Hour).UnixMilli(),
		SiteRoots:  [][]byte{root[:]},
		Appliances: []*trustv1.ApplianceKeys{{ApplianceId: "ap_a", CommandKey: a.CommandKey.Public()}},
	}
	a.policy = &trustv1.Policy{
		SiteId: SiteID, Version: 1, IssuedMs: now.UnixMilli(), ExpiresMs: now.Add(30 * 24 * time.Hour).UnixMilli(),
		Tier: trustv1.Tier_TIER_SELF_HEAL, Ceiling: trustv1.Tier_TIER_FULL_REMEDIATION, CheckIntervalMs: 200,
	}
	a.NewServerCertificate(t)
	return a
}

func newKey(t testing.TB) *signed.Key {
	t.Helper()
	k, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Random gives n random bytes.
func Random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func issue(t testing.TB, by *issuer, template *x509.Certificate) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = new(big.Int).SetBytes(Random(12))
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{cert, key}
}

// NewServerCertificate issues one with ServerFrom and ServerTo.
func (a *Authority) NewServerCertificate(t testing.TB) {
	a.ServerName(t, "appliance."+SiteID+".osiris.internal")
}

// ServerName issues a server certificate with another name.
func (a *Authority) ServerName(t testing.TB, name string) {
	t.Helper()
	leaf := issue(t, a.between, &x509.Certificate{
		Subject: pkix.Name{CommonName: "appliance"}, DNSNames: []string{name},
		NotBefore: a.ServerFrom, NotAfter: a.ServerTo,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	a.serverCert = &tls.Certificate{
		Certificate: [][]byte{leaf.cert.Raw, a.between.cert.Raw, a.root.cert.Raw}, PrivateKey: leaf.key,
	}
}

// ServerCertificate is the one in use.
func (a *Authority) ServerCertificate() *tls.Certificate {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.serverCert
}

// SiteRoot is the pin, as a token file spells it.
func (a *Authority) SiteRoot() string {
	h := sha256.Sum256(a.root.cert.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(h[:])
}

// agentCertificate issues a client certificate, DER, with its chain.
func (a *Authority) agentCertificate(public *ecdsa.PublicKey, from time.Time) (leaf []byte, chain [][]byte, err error) {
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(Random(12)), Subject: pkix.Name{CommonName: AgentID},
		DNSNames:  []string{AgentID + ".agent." + SiteID + ".osiris.internal"},
		NotBefore: from, NotAfter: from.Add(a.AgentLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	leaf, err = x509.CreateCertificate(rand.Reader, template, a.between.cert, public, a.between.key)
	return leaf, [][]byte{a.between.cert.Raw, a.root.cert.Raw}, err
}

// Chain is the newest trust chain.
func (a *Authority) Chain() *trustv1.TrustChain {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.chain(a.doc)
}

// ChainOf signs another document.
func (a *Authority) ChainOf(doc *trustv1.TrustDoc) *trustv1.TrustChain {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.chain(doc)
}

func (a *Authority) chain(doc *trustv1.TrustDoc) *trustv1.TrustChain {
	delegation := &trustv1.Delegation{
		Version: 1, OnlineKey: a.Online.Public(), IssuedMs: doc.IssuedMs, ExpiresMs: doc.IssuedMs + 365*24*3600*1000,
	}
	return &trustv1.TrustChain{
		Delegation: Seal(a.CentralRoot, signed.Delegation, delegation), Doc: Seal(a.Online, signed.Trust, doc),
		RootKey: a.CentralRoot.Public(),
	}
}

// Doc is a copy of the newest trust document.
func (a *Authority) Doc() *trustv1.TrustDoc {
	a.mu.Lock()
	defer a.mu.Unlock()
	return proto.CloneOf(a.doc)
}

// ChangeDoc makes a newer document.
func (a *Authority) ChangeDoc(change func(*trustv1.TrustDoc)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.doc = proto.CloneOf(a.doc)
	a.doc.Version++
	change(a.doc)
}

// PolicyEnvelope is the newest policy.
func (a *Authority) PolicyEnvelope() *trustv1.SignedEnvelope {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Seal(a.Online, signed.Policy, a.policy)
}

// Policy is a copy of the newest policy.
func (a *Authority) Policy() *trustv1.Policy {
	a.mu.Lock()
	defer a.mu.Unlock()
	return proto.CloneOf(a.policy)
}

// ChangePolicy makes a newer policy.
func (a *Authority) ChangePolicy(change func(*trustv1.Policy)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.policy = proto.CloneOf(a.policy)
	a.policy.Version++
	change(a.policy)
}

// Seal signs a message into an envelope.
func Seal(k *signed.Key, c signed.Context, m proto.Message) *trustv1.SignedEnvelope {
	payload, err := proto.Marshal(m)
	if err != nil {
		panic(err) //nolint:forbidigo // test code, and its own messages are always valid
	}
	e := k.Seal(c, payload)
	return &trustv1.SignedEnvelope{Payload: e.Payload, KeyId: e.KeyID[:], Signature: e.Signature}
}
