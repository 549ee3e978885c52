package publish

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"

	"github.com/osiriscare/osiris/central/internal/ca"
	"github.com/osiriscare/osiris/central/internal/keyring"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Limits of a trust document: bundle.sig has room for 256 KB of it (shared/bundle),
// and verifiers read no more appliances than this. What is larger would make
// all evidence of the site fail.
const (
	maxTrust      = 256 << 10
	maxAppliances = 256
)

// ErrTrustSize means that the site's trust document would be too large to travel
// with evidence; the newest that was signed stays in force.
var ErrTrustSize = errors.New("the site's trust document would be too large for its evidence")

// TrustStore holds what a TrustDoc says.
type TrustStore interface {
	Appliances(ctx context.Context, site store.SiteID) ([]store.Appliance, error)
	Logs(ctx context.Context, site store.SiteID) ([]store.Log, error)
	FormerRoots(ctx context.Context, site store.SiteID) ([]store.Root, error)
	RevokedAgents(ctx context.Context, site store.SiteID) ([]string, error)
	Trust(ctx context.Context, site store.SiteID) (store.Document, error)
	AddTrust(ctx context.Context, d store.Document) error
}

// Trust is the newest trust chain of a site and its version. It is signed now
// if the one held says something else, is half over, or is delegated otherwise.
func (p *Publisher) Trust(ctx context.Context, site store.SiteID) (*trustv1.TrustChain, uint64, error) {
	for range attempts {
		held, err := p.store.Trust(ctx, site)
		if err != nil {
			return nil, 0, fmt.Errorf("reading trust document of %s: %w", site, err)
		}
		doc, err := p.trustDoc(ctx, site)
		if err != nil {
			return nil, 0, fmt.Errorf("writing trust document of %s: %w", site, err)
		}
		now := time.Now()
		chain, same := p.sameTrust(held, doc)
		if same && !due(held, now) {
			return chain, held.Version, nil
		}
		next, err := p.signTrust(doc, nextVersion(held.Version, now), now)
		if err != nil {
			return nil, 0, fmt.Errorf("signing trust document of %s: %w", site, err)
		}
		if err := p.store.AddTrust(ctx, next); err != nil && !errors.Is(err, store.ErrConflict) {
			return nil, 0, fmt.Errorf("keeping trust document of %s: %w", site, err)
		}
	}
	return nil, 0, fmt.Errorf("publishing trust document of %s: %w", site, store.ErrConflict)
}

// trustDoc is what the site's document has to say now, without version and
// times.
func (p *Publisher) trustDoc(ctx context.Context, site store.SiteID) (*trustv1.TrustDoc, error) {
	row, err := p.store.Site(ctx, site)
	if err != nil {
		return nil, err
	}
	former, err := p.store.FormerRoots(ctx, site)
	if err != nil {
		return nil, err
	}
	doc := &trustv1.TrustDoc{
		SiteId:       string(site),
		WitnessVkeys: []string{logproof.WitnessVKey(p.keys.WitnessName(), p.keys.Witness.Public())},
	}
	for _, live := range append([]store.Root{{DER: row.RootDER}}, former...) {
		root, err := x509.ParseCertificate(live.DER)
		if err != nil {
			return nil, err
		}
		pin := ca.Pin(root)
		doc.SiteRoots = append(doc.SiteRoots, pin[:])
	}
	appliances, err := p.store.Appliances(ctx, site)
	if err != nil {
		return nil, err
	}
	logs, err := p.store.Logs(ctx, site)
	if err != nil {
		return nil, err
	}
	for _, a := range appliances {
		keys := &trustv1.ApplianceKeys{
			ApplianceId: string(a.ID), CommandKey: a.CommandKey, BundleKey: a.BundleKey, Retired: a.Retired,
		}
		for _, l := range logs {
			if l.ApplianceID == a.ID {
				keys.LogVkeys = append(keys.LogVkeys, l.VKey)
			}
		}
		doc.Appliances = append(doc.Appliances, keys)
	}
	doc.RevokedAgents, err = p.store.RevokedAgents(ctx, site)
	return doc, err
}

// sameTrust reports whether the chain held says what doc says, by our
// delegation.
func (p *Publisher) sameTrust(held store.Document, doc *trustv1.TrustDoc) (*trustv1.TrustChain, bool) {
	chain, old := &trustv1.TrustChain{}, &trustv1.TrustDoc{}
	if proto.Unmarshal(held.Bytes, chain) != nil || proto.Unmarshal(chain.GetDoc().GetPayload(), old) != nil {
		return nil, false
	}
	old.Version, old.IssuedMs, old.ExpiresMs = 0, 0, 0
	return chain, proto.Equal(old, doc) && proto.Equal(chain.GetDelegation(), p.keys.Delegation)
}

func (p *Publisher) signTrust(doc *trustv1.TrustDoc, version uint64, now time.Time) (store.Document, error) {
	doc.Version, doc.IssuedMs, doc.ExpiresMs = version, now.UnixMilli(), now.Add(trustLifetime).UnixMilli()
	payload, err := proto.Marshal(doc)
	if err != nil {
		return store.Document{}, err
	}
	raw, err := proto.Marshal(&trustv1.TrustChain{
		Delegation: p.keys.Delegation, Doc: keyring.Seal(p.keys.Online, signed.Trust, payload), RootKey: p.keys.RootPublic,
	})
	if err == nil && (len(raw) > maxTrust || len(doc.GetAppliances()) > maxAppliances) {
		err = fmt.Errorf("%w: %d appliances, %d revoked agents, %d bytes", ErrTrustSize, len(doc.GetAppliances()), len(doc.GetRevokedAgents()), len(raw))
	}
	return store.Document{
		SiteID: store.SiteID(doc.GetSiteId()), Version: version, IssuedMs: doc.GetIssuedMs(), ExpiresMs: doc.GetExpiresMs(), Bytes: raw,
	}, err
}
