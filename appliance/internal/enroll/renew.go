package enroll

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/store"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// renewableAfterExpiry is how long an expired certificate still proves that an
// agent was ours (D11).
const renewableAfterExpiry = 400 * 24 * time.Hour

// renewal is one request on its way through the transaction.
type renewal struct {
	peer    ca.Leaf
	expired bool
	oldKey  []byte // hashes
	newKey  []byte
	pub     *ecdsa.PublicKey
	now     time.Time

	certificate []byte
	serial      []byte // of a new certificate
	quarantine  Quarantine
	clone       bool
}

// Renew gives the peer its next certificate. expired says that the peer's own
// has run out.
func (e *Enroll) Renew(ctx context.Context, peer ca.Leaf, expired bool, exporter []byte, in *compliancev1.RenewRequest) (*compliancev1.RenewResponse, error) {
	pub, err := possession(renewText, peer.SHA256[:], exporter, in.GetPublicKey(), in.GetProof())
	if err != nil {
		return nil, err
	}
	old, err := peer.PublicKey.Bytes()
	if err != nil {
		return nil, ErrKey
	}
	oldKey, newKey := sha256.Sum256(old), sha256.Sum256(in.GetPublicKey())
	r := renewal{peer: peer, expired: expired, oldKey: oldKey[:], newKey: newKey[:], pub: pub, now: time.Now()}
	if expired && r.now.Sub(peer.NotAfter) > renewableAfterExpiry {
		return nil, ErrExpired
	}
	if err := e.Store.Write(ctx, func(tx *store.Tx) error { return e.renew(ctx, tx, &r) }); err != nil {
		return nil, err
	}
	e.mu.RLock()
	s := e.agents[peer.AgentID]
	e.mu.RUnlock()
	s.quarantine = r.quarantine
	if r.serial != nil {
		s.serial = r.serial
	}
	e.put(peer.AgentID, s)
	if r.clone {
		e.Log.WarnContext(ctx, "clone found", "agent_id", peer.AgentID)
		return nil, ErrClone
	}
	e.Log.InfoContext(ctx, "certificate renewed", "agent_id", peer.AgentID, "expired", expired, "quarantine", string(r.quarantine))
	return &compliancev1.RenewResponse{Certificate: r.certificate, Chain: e.CA.Chain(), Quarantined: r.quarantine != Free}, nil
}

func (e *Enroll) renew(ctx context.Context, tx *store.Tx, r *renewal) error {
	var newest []byte
	var hostID string
	err := tx.QueryRowContext(ctx, "SELECT serial, certificate, quarantine, host_id FROM agent WHERE agent_id = ?", r.peer.AgentID).
		Scan(&newest, &r.certificate, &r.quarantine, &hostID)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrRevoked
	}
	if err != nil {
		return fmt.Errorf("reading agent %s: %w", r.peer.AgentID, err)
	}
	if !bytes.Equal(newest, r.peer.Serial) && !forgotten(r.certificate, r.peer) {
		return e.older(ctx, tx, r, hostID)
	}
	if r.expired {
		if err := e.onceAfterExpiry(ctx, tx, r); err != nil {
			return err
		}
		if r.quarantine == Free {
			r.quarantine = Expired
		}
	}
	issued, err := e.CA.IssueAgent(r.peer.AgentID, r.pub)
	if err != nil {
		return err
	}
	r.certificate, r.serial = issued.DER, issued.Serial
	return errors.Join(
		exec(ctx, tx, "UPDATE agent SET serial = ?, certificate = ?, not_after_ms = ?, quarantine = ? WHERE agent_id = ?",
			issued.Serial, issued.DER, issued.NotAfter.UnixMilli(), string(r.quarantine), r.peer.AgentID),
		exec(ctx, tx, "INSERT INTO renewal (old_serial, agent_id, key_hash, expired, old_key, made_ms) VALUES (?,?,?,?,?,?)",
			r.peer.Serial, r.peer.AgentID, r.newKey, r.expired, r.oldKey, r.now.UnixMilli()))
}

// onceAfterExpiry refuses the second expired renewal of a key.
func (e *Enroll) onceAfterExpiry(ctx context.Context, tx *store.Tx, r *renewal) error {
	var n int
	err := tx.QueryRowContext(ctx, "SELECT count(*) FROM renewal WHERE old_key = ? AND expired = 1", r.oldKey).Scan(&n)
	if err != nil {
		return fmt.Errorf("reading renewals: %w", err)
	}
	if n > 0 {
		return ErrExpired
	}
	return nil
}

// older deals with a certificate that is not the newest: the same request again
// gets its answer again, anything else means that two machines share the
// identity, and neither is trusted until a person has looked.
func (e *Enroll) older(ctx context.Context, tx *store.Tx, r *renewal, hostID string) error {
	var key []byte
	err := tx.QueryRowContext(ctx, "SELECT key_hash FROM renewal WHERE old_serial = ? AND agent_id = ?", r.peer.Serial, r.peer.AgentID).Scan(&key)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("reading renewals: %w", err)
	}
	if err == nil && bytes.Equal(key, r.newKey) {
		return nil
	}
	known := r.quarantine == Clone
	r.clone, r.quarantine = true, Clone
	if known {
		return nil
	}
	return errors.Join(
		exec(ctx, tx, "UPDATE agent SET quarantine = ? WHERE agent_id = ?", string(Clone), r.peer.AgentID),
		e.proveClone(ctx, tx, r, hostID))
}

func (e *Enroll) proveClone(ctx context.Context, tx *store.Tx, r *renewal, hostID string) error {
	e.mu.RLock()
	was := e.agents[r.peer.AgentID]
	e.mu.RUnlock()
	return e.prove(ctx, tx, &registration{now: r.now, agentID: r.peer.AgentID, standing: was, host: &host.Host{ID: hostID}},
		fmt.Sprintf("clone/%s/%d", r.peer.AgentID, r.now.UnixMilli()),
		fmt.Sprintf("Two machines use the identity of agent %s; both are only watched.", r.peer.AgentID))
}

// forgotten reports whether the peer's certificate is a later one than the
// newest that this store has: only this site's authority makes them, so the
// store is an older copy of itself, and nothing is wrong with the agent.
func forgotten(newest []byte, peer ca.Leaf) bool {
	cert, err := x509.ParseCertificate(newest)
	return err == nil && peer.NotBefore.After(cert.NotBefore)
}
