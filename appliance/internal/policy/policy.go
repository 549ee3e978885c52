// Package policy holds the site's newest trust chain and policy (DESIGN D10,
// D13, D14), kept in state.db. Both are believed only under the pinned Central
// root, and never step back. A Snapshot is immutable; times are Unix
// milliseconds. The errors of Offer are those of shared/trust.
package policy

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/store"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

//go:embed schema.sql
var schema string

// Schema are this package's tables.
var Schema = store.Schema{Owner: "policy", Steps: []string{schema}}

// Holder has the documents in force.
type Holder struct {
	store  *store.Store
	pin    signed.KeyID
	siteID string

	mu      sync.Mutex // one Offer at a time
	current atomic.Pointer[Snapshot]
	changed chan struct{} // closed and replaced when current changes
}

// Config says whose documents are held.
type Config struct {
	Pin    signed.KeyID // fingerprint of the Central root
	SiteID string
	// What the claim brought, for a store that has nothing yet.
	Trust  *trustv1.TrustChain
	Policy *trustv1.SignedEnvelope
}

// New reads what the store holds.
func New(ctx context.Context, cfg Config, st *store.Store) (*Holder, error) {
	h := &Holder{store: st, pin: cfg.Pin, siteID: cfg.SiteID, changed: make(chan struct{})}
	h.current.Store(&Snapshot{})
	if err := h.load(ctx); err != nil {
		return nil, err
	}
	if h.Current().Opened == nil {
		if err := h.Offer(ctx, cfg.Trust, cfg.Policy); err != nil {
			return nil, fmt.Errorf("taking the claim's settings: %w", err)
		}
	}
	return h, nil
}

func (h *Holder) load(ctx context.Context) error {
	chain, envelope := &trustv1.TrustChain{}, &trustv1.SignedEnvelope{}
	hasChain, err := h.read(ctx, "trust", chain)
	if err != nil || !hasChain {
		return err
	}
	hasPolicy, err := h.read(ctx, "policy", envelope)
	if err != nil {
		return err
	}
	if !hasPolicy {
		envelope = nil
	}
	next, err := h.build(chain, envelope, true)
	if err != nil {
		return fmt.Errorf("reading stored trust: %w", err)
	}
	h.current.Store(next)
	return nil
}

func (h *Holder) read(ctx context.Context, kind string, into proto.Message) (bool, error) {
	var body []byte
	err := h.store.Reader().QueryRowContext(ctx, "SELECT body FROM document WHERE kind = ?", kind).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err == nil {
		err = proto.Unmarshal(body, into)
	}
	if err != nil {
		return false, fmt.Errorf("reading stored %s: %w", kind, err)
	}
	return true, nil
}

// Current is what is in force; it is never nil.
func (h *Holder) Current() *Snapshot { return h.current.Load() }

// Newest is the trust chain for evidence: its bytes and what they say.
func (h *Holder) Newest() ([]byte, *trust.Opened) {
	s := h.Current()
	return s.ChainBytes, s.Opened
}

// Versions are those of the documents in force.
func (h *Holder) Versions() (trustVersion, policyVersion uint64) {
	s := h.Current()
	return s.TrustVersion(), s.PolicyVersion()
}

// PolicyVersion is that of the policy in force, 0 without one.
func (h *Holder) PolicyVersion() uint64 { return h.Current().PolicyVersion() }

// Changed is closed at the next change after the call.
func (h *Holder) Changed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed
}

// TierOf is the tier the policy gives the agent now.
func (h *Holder) TierOf(agentID string, nowMs int64) trustlite.Tier {
	return trust.TierOf(h.Current().Policy, agentID, nowMs)
}

// Offer takes newer documents, either of which may be nil. Older or unsigned
// ones are refused and change nothing.
func (h *Holder) Offer(ctx context.Context, chain *trustv1.TrustChain, envelope *trustv1.SignedEnvelope) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	held := h.Current()
	if chain == nil {
		chain = held.Chain
	}
	if envelope == nil {
		envelope = held.Envelope
	}
	if chain == nil {
		return nil
	}
	next, err := h.build(chain, envelope, envelope == held.Envelope)
	if err != nil {
		return err
	}
	if err := next.newer(held); err != nil {
		return err
	}
	if next.TrustVersion() == held.TrustVersion() && next.PolicyVersion() == held.PolicyVersion() {
		return nil
	}
	if err := h.save(ctx, next); err != nil {
		return fmt.Errorf("storing trust and policy: %w", err)
	}
	h.current.Store(next)
	close(h.changed)
	h.changed = make(chan struct{})
	return nil
}

func (h *Holder) save(ctx context.Context, s *Snapshot) error {
	return h.store.Write(ctx, func(tx *store.Tx) error {
		documents := map[string]proto.Message{"trust": s.Chain}
		if s.Envelope != nil {
			documents["policy"] = s.Envelope
		}
		for kind, message := range documents {
			body, err := proto.Marshal(message)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "INSERT INTO document (kind, body) VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET body = excluded.body", kind, body)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// build verifies. A policy that the chain's online key did not sign counts as
// none when it was held before: after a change of delegation Central sends a
// new one, and until then nothing may be healed.
func (h *Holder) build(chain *trustv1.TrustChain, envelope *trustv1.SignedEnvelope, wasHeld bool) (*Snapshot, error) {
	body, err := proto.Marshal(chain)
	if err != nil {
		return nil, err
	}
	lite := &trustlite.TrustChain{}
	if err := lite.UnmarshalVT(body); err != nil {
		return nil, fmt.Errorf("reading trust chain: %w", err)
	}
	opened, err := trust.Open(lite, h.pin)
	if err != nil {
		return nil, err
	}
	if opened.Doc.SiteId != h.siteID {
		return nil, fmt.Errorf("opening trust document: %w", trust.ErrSite)
	}
	s := &Snapshot{Opened: opened, Chain: chain, ChainBytes: body}
	if envelope == nil {
		return s, nil
	}
	p, err := opened.OpenPolicy(envelope)
	switch {
	case err != nil && wasHeld:
		return s, nil
	case err != nil:
		return nil, err
	}
	s.Policy, s.Envelope = p, envelope
	return s, nil
}
