// Package rehearsal is a whole site on loopback for tests and benchmarks: the
// keys that Central would have, a claimed identity, the appliance's real parts
// behind a real port, and agents that speak gRPC over mutual TLS. Nothing of it
// is in the product. Folders are given by the caller; errors are returned, so
// that a benchmark can use it too.
package rehearsal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/identity"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"
)

// Names of the one site.
const (
	SiteID      = "s_rehearsal"
	ApplianceID = "ap_rehearsal"
)

// Site is what Central holds of a site.
type Site struct {
	Root, Online *signed.Key // Central's
	Identity     *identity.Identity
	Doc          *trustv1.TrustDoc // change it, then Chain
	Settings     *trustv1.Policy   // change it, then Policy
	Witness      *signed.Key
	rootKey      *ecdsa.PrivateKey
	rootCert     *x509.Certificate
	pin          signed.KeyID
}

// NewSite makes a site and claims an appliance with its data in dir. The policy
// lets agents heal themselves.
func NewSite(dir string) (*Site, error) {
	keys, err := identity.LoadKeys(dir)
	if err != nil {
		return nil, err
	}
	s := &Site{}
	for _, k := range []**signed.Key{&s.Root, &s.Online, &s.Witness} {
		if *k, err = signed.Generate(); err != nil {
			return nil, err
		}
	}
	if err := s.makeRoot(); err != nil {
		return nil, err
	}
	spki := sha256.Sum256(s.rootCert.RawSubjectPublicKeyInfo)
	origin := logproof.Origin(SiteID, 0)
	now := time.Now()
	s.Doc = &trustv1.TrustDoc{
		SiteId: SiteID, Version: uint64(now.Unix()), IssuedMs: now.UnixMilli(), ExpiresMs: now.Add(90 * 24 * time.Hour).UnixMilli(), //nolint:gosec // after 1970
		SiteRoots: [][]byte{spki[:]},
		Appliances: []*trustv1.ApplianceKeys{{
			ApplianceId: ApplianceID, CommandKey: keys.Command.Public(), BundleKey: keys.Bundle.Public(),
			LogVkeys: []string{logproof.LogVKey(origin, keys.Log.Public())},
		}},
	}
	s.Settings = &trustv1.Policy{
		SiteId: SiteID, Version: s.Doc.Version, IssuedMs: now.UnixMilli(), ExpiresMs: now.Add(30 * 24 * time.Hour).UnixMilli(),
		Tier: trustv1.Tier_TIER_SELF_HEAL, Ceiling: trustv1.Tier_TIER_SELF_HEAL, CheckIntervalMs: 1000,
	}
	return s, s.claim(dir, keys, origin)
}

func (s *Site) makeRoot() (err error) {
	if s.rootKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "site root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(20 * 365 * 24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &s.rootKey.PublicKey, s.rootKey)
	if err != nil {
		return err
	}
	s.rootCert, err = x509.ParseCertificate(der)
	return err
}

func (s *Site) claim(dir string, keys *identity.Keys, origin string) error {
	intermediate := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "intermediate"}, IsCA: true, BasicConstraintsValid: true,
		MaxPathLenZero: true, PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{SiteID + ".osiris.internal"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, intermediate, s.rootCert, keys.CA.Public(), s.rootKey)
	if err != nil {
		return err
	}
	client := &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: ApplianceID},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
	}
	clientDER, err := x509.CreateCertificate(rand.Reader, client, s.rootCert, keys.TLS.Public(), s.rootKey)
	if err != nil {
		return err
	}
	chain, err := s.Chain()
	if err != nil {
		return err
	}
	policy, err := s.Policy()
	if err != nil {
		return err
	}
	s.Identity, err = identity.Save(dir, keys, identity.Provision{
		Code: "0", CentralURL: "https://127.0.0.1:1", CentralRoot: s.Root.ID().String(), TLSPin: fmt.Sprintf("%064x", 0), SiteID: SiteID,
	}, &centralv1.ClaimResponse{
		SiteId: SiteID, ApplianceId: ApplianceID, TlsCertificate: clientDER, CaCertificate: caDER,
		SiteRoot: s.rootCert.Raw, LogOrigin: origin, Trust: chain, Policy: policy,
	})
	return err
}

// Chain signs Doc as it is.
func (s *Site) Chain() (*trustv1.TrustChain, error) {
	delegation, err := seal(s.Root, signed.Delegation, &trustv1.Delegation{
		Version: 1, OnlineKey: s.Online.Public(), ExpiresMs: time.Now().Add(365 * 24 * time.Hour).UnixMilli(),
	})
	if err != nil {
		return nil, err
	}
	doc, err := seal(s.Online, signed.Trust, s.Doc)
	if err != nil {
		return nil, err
	}
	return &trustv1.TrustChain{Delegation: delegation, Doc: doc, RootKey: s.Root.Public()}, nil
}

// Policy signs Settings as they are.
func (s *Site) Policy() (*trustv1.SignedEnvelope, error) {
	return seal(s.Online, signed.Policy, s.Settings)
}

// Revoke signs the next trust document with the agent revoked.
func (s *Site) Revoke(agentID string) (*trustv1.TrustChain, error) {
	s.Doc.Version++
	s.Doc.RevokedAgents = append(s.Doc.RevokedAgents, agentID)
	return s.Chain()
}

func seal(k *signed.Key, c signed.Context, m proto.Message) (*trustv1.SignedEnvelope, error) {
	payload, err := proto.Marshal(m)
	if err != nil {
		return nil, err
	}
	e := k.Seal(c, payload)
	return &trustv1.SignedEnvelope{Payload: e.Payload, KeyId: e.KeyID[:], Signature: e.Signature}, nil
}

// Again is the site of a folder that NewSite filled, in another process. Nothing
// can be signed for it.
func Again(dir string) (*Site, error) {
	id, err := identity.Load(dir)
	if err != nil {
		return nil, err
	}
	pin, err := id.Provision.Root()
	return &Site{Identity: id, pin: pin}, err
}

// Pin is the Central root's fingerprint.
func (s *Site) Pin() signed.KeyID {
	if s.Root == nil {
		return s.pin
	}
	return s.Root.ID()
}
