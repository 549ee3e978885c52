// Package enroll gives machines their identity (DESIGN D9, D11, D12): tokens,
// first certificates, renewals, quarantine. Private keys never come here; a
// caller proves possession of the key over the token's hash (or the old
// certificate's) and the TLS exporter of its own connection, so that a proof is
// worth nothing on another one.
//
// Tokens are stored hashed. The same token with the same key gets the same
// answer, whatever was lost in between. Tiers are those of trust.v1; times Unix
// milliseconds. The errors are what a caller is told; none says more than the
// caller knows already.
package enroll

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/bundle"
)

// Errors that callers tell apart.
var (
	ErrToken   = errors.New("the token is unknown, used or expired")
	ErrProof   = errors.New("the proof of possession does not verify on this connection")
	ErrKey     = errors.New("the public key is not a P-256 point of 65 bytes")
	ErrClone   = errors.New("the certificate was exchanged already; the agent is in quarantine")
	ErrExpired = errors.New("the certificate expired too long ago or was renewed after expiry before; enrol again")
	ErrRevoked = errors.New("the agent is revoked")
)

var (
	//go:embed schema.sql
	schema string
	//go:embed schema2.sql
	schema2 string
	//go:embed schema3.sql
	schema3 string
)

// Schema are this package's tables.
var Schema = store.Schema{Owner: "enroll", Steps: []string{schema, schema2, schema3}}

// Quarantine says why an agent may only be watched.
type Quarantine string

// Expired ends when the agent has read the newest policy; a clone stays until an
// operator decides which of the two is real.
const (
	Free    Quarantine = ""
	Expired Quarantine = "expired"
	Clone   Quarantine = "clone"
)

// Drafts adds evidence to a transaction.
type Drafts func(ctx context.Context, tx *store.Tx, b *bundle.Bundle) error

// Deps is what an Enroll needs.
type Deps struct {
	SiteID      string
	ApplianceID string
	Version     string
	Store       *store.Store
	CA          *ca.CA
	Policy      *policy.Holder
	Hosts       *host.Registry
	Drafts      Drafts
	Logged      Logged
	// Directory is asked about agents that wait; nil is a site without a domain.
	Directory Directory
	Log       *slog.Logger
}

// Enroll issues identities.
type Enroll struct {
	Deps

	mu      sync.RWMutex
	agents  map[string]standing // by agent id
	changed chan struct{}       // closed and replaced when a standing changes
	seen    int64               // newest decision that counts
}

// New reads the agents' standing.
func New(ctx context.Context, d Deps) (*Enroll, error) {
	d.Log = d.Log.With("component", "enroll")
	e := &Enroll{Deps: d, agents: map[string]standing{}, changed: make(chan struct{})}
	var newest int64
	if err := d.Store.Reader().QueryRowContext(ctx, "SELECT coalesce(max(n), 0) FROM decision").Scan(&newest); err != nil {
		return nil, fmt.Errorf("reading decisions: %w", err)
	}
	return e, e.load(ctx, -1, newest)
}

// TierOf is what may be done to the agent at nowMs: the policy's tier, capped by
// the token it came with; nothing while it is pending or in quarantine.
func (e *Enroll) TierOf(agentID string, nowMs int64) trustlite.Tier {
	e.mu.RLock()
	s, ok := e.agents[agentID]
	e.mu.RUnlock()
	if !ok || s.pending || s.quarantine != Free {
		return trustlite.Tier_TIER_MONITOR_ONLY
	}
	return min(e.Policy.TierOf(agentID, nowMs), s.cap)
}

// Held reports whether the agent is only watched: pending or in quarantine.
func (e *Enroll) Held(agentID string) bool { return e.Hold(agentID) != "" }

// HoldPending is the hold of an agent that came with a roll-out token.
const HoldPending = "pending"

// Hold is why the agent is only watched: clone, expired or pending, or empty.
func (e *Enroll) Hold(agentID string) string {
	e.mu.RLock()
	defer e.mu.RUnlock()
	s := e.agents[agentID]
	if s.quarantine == Free && s.pending {
		return HoldPending
	}
	return string(s.quarantine)
}

// Known reports whether the agent was enrolled here.
func (e *Enroll) Known(agentID string) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	_, ok := e.agents[agentID]
	return ok
}

// PolicyRead ends the quarantine of an agent whose expired certificate was
// renewed, once it holds the newest policy.
func (e *Enroll) PolicyRead(ctx context.Context, agentID string, version uint64) error {
	e.mu.RLock()
	s := e.agents[agentID]
	e.mu.RUnlock()
	if s.quarantine != Expired || version < e.Policy.Current().PolicyVersion() {
		return nil
	}
	return e.setQuarantine(ctx, agentID, Free)
}

func (e *Enroll) setQuarantine(ctx context.Context, agentID string, q Quarantine) error {
	err := e.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE agent SET quarantine = ? WHERE agent_id = ?", string(q), agentID)
		return err
	})
	if err != nil {
		return err
	}
	e.mu.RLock()
	s := e.agents[agentID]
	e.mu.RUnlock()
	s.quarantine = q
	e.put(agentID, s)
	e.Log.WarnContext(ctx, "quarantine changed", "agent_id", agentID, "quarantine", string(q))
	return nil
}
