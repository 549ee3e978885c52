package enroll

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/id"
	"github.com/osiriscare/osiris/appliance/internal/store"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/bundle"
)

// Register gives a machine its first certificate. exporter is the TLS
// exporter's value of the caller's connection.
func (e *Enroll) Register(ctx context.Context, exporter []byte, in *compliancev1.RegisterRequest) (*compliancev1.RegisterResponse, error) {
	tokenHash := sha256.Sum256([]byte(in.GetToken()))
	pub, err := possession(registerText, tokenHash[:], exporter, in.GetPublicKey(), in.GetProof())
	if err != nil {
		return nil, err
	}
	r := registration{token: tokenHash[:], pub: pub, facts: in.GetHost(), now: time.Now()}
	key := sha256.Sum256(in.GetPublicKey())
	r.key = key[:]
	if err := e.Store.Write(ctx, func(tx *store.Tx) error { return e.register(ctx, tx, &r) }); err != nil {
		return nil, err
	}
	e.admit(ctx, &r)
	current := e.Policy.Current()
	return &compliancev1.RegisterResponse{
		AgentId: r.agentID, Certificate: r.certificate, Chain: e.CA.Chain(),
		Trust: current.Chain, Policy: current.Envelope, Pending: r.standing.pending,
	}, nil
}

// registration is one request on its way through the transaction.
type registration struct {
	token, key []byte
	pub        *ecdsa.PublicKey
	facts      *compliancev1.HostFacts
	now        time.Time

	agentID     string
	certificate []byte
	standing    standing
	host        *host.Host // set for a new agent
}

func (e *Enroll) register(ctx context.Context, tx *store.Tx, r *registration) error {
	err := tx.QueryRowContext(ctx, "SELECT agent_id FROM enrolment WHERE token_hash = ? AND key_hash = ?", r.token, r.key).Scan(&r.agentID)
	switch {
	case err == nil:
		return e.again(ctx, tx, r)
	case !errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("reading enrolments: %w", err)
	}
	var kind Kind
	var left int
	var expires int64
	err = tx.QueryRowContext(ctx, "SELECT kind, tier, uses_left, expires_ms FROM token WHERE hash = ?", r.token).
		Scan(&kind, &r.standing.cap, &left, &expires)
	if errors.Is(err, sql.ErrNoRows) || err == nil && (left <= 0 || r.now.UnixMilli() >= expires) {
		return ErrToken
	}
	if err != nil {
		return fmt.Errorf("reading token: %w", err)
	}
	r.standing.pending = kind == Rollout
	r.agentID = id.New(id.Agent)
	return e.create(ctx, tx, r)
}

// again answers a request that was answered before. A certificate that has run
// out meanwhile is not made anew: the token was for one enrolment.
func (e *Enroll) again(ctx context.Context, tx *store.Tx, r *registration) error {
	var notAfter int64
	err := tx.QueryRowContext(ctx, "SELECT certificate, not_after_ms, tier, pending, quarantine, strict, serial FROM agent WHERE agent_id = ?", r.agentID).
		Scan(&r.certificate, &notAfter, &r.standing.cap, &r.standing.pending, &r.standing.quarantine, &r.standing.strict, &r.standing.serial)
	if err != nil {
		return fmt.Errorf("reading agent %s: %w", r.agentID, err)
	}
	cert, err := x509.ParseCertificate(r.certificate)
	if err != nil {
		return fmt.Errorf("reading certificate of %s: %w", r.agentID, err)
	}
	// Renewed with another key since: this answer would be of no use to anybody.
	if !r.pub.Equal(cert.PublicKey) || r.now.UnixMilli() >= notAfter {
		return ErrToken
	}
	if e.Policy.Current().Revoked(r.agentID, nil) {
		return ErrRevoked
	}
	return nil
}

func (e *Enroll) create(ctx context.Context, tx *store.Tx, r *registration) error {
	issued, err := e.CA.IssueAgent(r.agentID, r.pub)
	if err != nil {
		return err
	}
	r.certificate, r.standing.serial = issued.DER, issued.Serial
	h, err := host.Enrol(ctx, tx, r.agentID, r.facts, r.now.UnixMilli())
	if err != nil {
		return err
	}
	r.host = &h
	return errors.Join(
		exec(ctx, tx, "UPDATE token SET uses_left = uses_left - 1 WHERE hash = ?", r.token),
		exec(ctx, tx, "INSERT INTO enrolment (token_hash, key_hash, agent_id, made_ms) VALUES (?,?,?,?)", r.token, r.key, r.agentID, r.now.UnixMilli()),
		e.insertAgent(ctx, tx, r, issued),
		e.prove(ctx, tx, r, "enrolment/"+r.agentID,
			fmt.Sprintf("The machine %q enrolled as agent %s, tier at most %d%s.", h.Hostname, r.agentID, r.standing.cap, pendingText(r.standing.pending))),
	)
}

func (e *Enroll) insertAgent(ctx context.Context, tx *store.Tx, r *registration, issued ca.Issued) error {
	return exec(ctx, tx, `INSERT INTO agent (agent_id, host_id, serial, certificate, not_after_ms, tier, pending, quarantine, enrolled_ms)
		VALUES (?,?,?,?,?,?,?,'',?)`, r.agentID, r.host.ID, issued.Serial, issued.DER, issued.NotAfter.UnixMilli(),
		int64(r.standing.cap), r.standing.pending, r.now.UnixMilli())
}

// admit makes the agent known in memory, once it is durable.
func (e *Enroll) admit(ctx context.Context, r *registration) {
	e.put(r.agentID, r.standing)
	if r.host == nil {
		return
	}
	e.Hosts.Add(*r.host)
	e.Log.InfoContext(ctx, "agent enrolled", "agent_id", r.agentID, "host_id", r.host.ID, "hostname", r.host.Hostname,
		"os", r.host.OS, "tier_cap", int(r.standing.cap), "pending", r.standing.pending)
}

// prove adds an enrolment's evidence. key is unique for what happened.
func (e *Enroll) prove(ctx context.Context, tx *store.Tx, r *registration, key, summary string) error {
	current := e.Policy.Current()
	return e.Drafts(ctx, tx, &bundle.Bundle{
		BundleID: bundle.IDOf(key), Kind: bundle.KindEnrolment, SiteID: e.SiteID, ApplianceID: e.ApplianceID,
		HostID: r.host.ID, Hostname: r.host.Hostname, Source: "appliance", Outcome: bundle.OutcomeNone, Appliance: e.Version,
		PostState: map[string]string{
			stateAgent: r.agentID, stateTier: strconv.Itoa(int(r.standing.cap)), statePending: yes(r.standing.pending),
		},
		TrustVersion: current.TrustVersion(), PolicyVersion: current.PolicyVersion(),
		ReceivedTime: bundle.At(r.now), MadeTime: bundle.At(r.now), Summary: summary,
	})
}

func pendingText(pending bool) string {
	if pending {
		return ", waiting for approval"
	}
	return ""
}

func exec(ctx context.Context, tx *store.Tx, query string, args ...any) error {
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}
