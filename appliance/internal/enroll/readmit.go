package enroll

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/translog"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/bundle"
)

// Logged reads a logged bundle, or translog.ErrNotFound; *evidence.Evidence is
// one.
type Logged interface {
	Get(ctx context.Context, id [16]byte) (translog.Row, error)
}

// Keys of an enrolment's post state, read back by Readmit.
const (
	stateAgent   = "agent_id"
	stateTier    = "tier"
	statePending = "pending"
)

// Readmit makes an agent known again that this site's authority certified and
// that this store does not remember: the appliance was restored from a copy that
// is older than the enrolment. What the agent may have done to it is what the
// evidence of its enrolment says, which Central gave back; without that evidence
// it is only watched. certificate is the peer's, DER, and peer what it says;
// revocation has been looked at.
func (e *Enroll) Readmit(ctx context.Context, peer ca.Leaf, certificate []byte) error {
	was, err := e.remembered(ctx, peer.AgentID)
	if err != nil {
		return fmt.Errorf("readmitting %s: %w", peer.AgentID, err)
	}
	now := time.Now()
	was.host.LastSeenMs = now.UnixMilli()
	added := false
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		added = false
		var known int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM agent WHERE agent_id = ?", peer.AgentID).Scan(&known); err != nil || known > 0 {
			return err
		}
		added = true
		r := registration{
			now: now, agentID: peer.AgentID, certificate: certificate, standing: was.standing, host: &was.host,
		}
		return errors.Join(
			host.Restore(ctx, tx, &was.host),
			e.insertAgent(ctx, tx, &r, ca.Issued{DER: certificate, Serial: peer.Serial, NotAfter: peer.NotAfter}),
			e.prove(ctx, tx, &r, fmt.Sprintf("readmission/%s/%d", peer.AgentID, now.UnixMilli()),
				fmt.Sprintf("Agent %s, enrolled after the copy from which this appliance was restored, is known again; tier at most %d%s.",
					peer.AgentID, was.standing.cap, pendingText(was.standing.pending))),
		)
	})
	if err != nil {
		return fmt.Errorf("readmitting %s: %w", peer.AgentID, err)
	}
	if !added {
		return nil
	}
	was.standing.serial = peer.Serial
	e.put(peer.AgentID, was.standing)
	e.Hosts.Add(was.host)
	e.Log.WarnContext(ctx, "agent readmitted", "agent_id", peer.AgentID, "host_id", was.host.ID, "hostname", was.host.Hostname,
		"tier_cap", int(was.standing.cap), "pending", was.standing.pending)
	return nil
}

// past is what is known of an agent from before.
type past struct {
	host     host.Host
	standing standing
}

// remembered reads the evidence of an enrolment. Without it, or when it does not
// say so, the agent is watched only.
func (e *Enroll) remembered(ctx context.Context, agentID string) (past, error) {
	p := past{standing: standing{cap: trustlite.Tier_TIER_MONITOR_ONLY, pending: true}}
	id, err := bundle.RawID(bundle.IDOf("enrolment/" + agentID))
	if err != nil {
		return p, err
	}
	row, err := e.Logged.Get(ctx, id)
	switch {
	case errors.Is(err, translog.ErrNotFound):
		p.host = host.Fresh(agentID, "")
		return p, nil
	case err != nil:
		return p, err
	}
	b, err := bundle.Decode(row.Bundle)
	if err != nil {
		return p, err
	}
	p.host = host.Fresh(agentID, b.Hostname)
	p.host.ID = b.HostID
	tier, err := strconv.Atoi(b.PostState[stateTier])
	if err == nil && tier >= int(trustlite.Tier_TIER_MONITOR_ONLY) && tier <= int(trustlite.Tier_TIER_FULL_REMEDIATION) {
		p.standing.cap = trustlite.Tier(tier) //nolint:gosec // in bounds
		p.standing.pending = b.PostState[statePending] != "no"
	}
	if p.standing.pending {
		p.standing.pending, err = e.unapproved(ctx, agentID)
	}
	return p, err
}

// unapproved reads the evidence of an approval, or one that Central gave while
// the agent was not known here.
func (e *Enroll) unapproved(ctx context.Context, agentID string) (bool, error) {
	var given int
	err := e.Store.Reader().QueryRowContext(ctx, "SELECT count(*) FROM decision WHERE agent_id = ? AND what = ? AND version > 0",
		agentID, approve).Scan(&given)
	if err != nil || given > 0 {
		return err != nil, err
	}
	id, err := bundle.RawID(bundle.IDOf("approval/" + agentID))
	if err != nil {
		return true, err
	}
	_, err = e.Logged.Get(ctx, id)
	if errors.Is(err, translog.ErrNotFound) {
		return true, nil
	}
	return err != nil, err
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
