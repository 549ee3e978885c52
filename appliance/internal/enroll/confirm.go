package enroll

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/directory"
)

// Directory knows the computers of the site's domains; *directory.Book does.
type Directory interface {
	Match(claim directory.Claim, now time.Time) directory.Result
}

// claimant is an agent with what it says about its computer.
type claimant struct {
	agentID string
	pending bool
	claim   directory.Claim
}

// Confirmations are what the directory says of the agents that wait for approval
// (DESIGN D12): it must know their computers, and no agent that was let in may
// have one of them already, or its name where one of both gives no objectGUID.
// Without a domain there are none.
func (e *Enroll) Confirmations(ctx context.Context) (map[string]directory.Result, error) {
	if e.Directory == nil || e.Directory.Match(directory.Claim{}, time.Now()) == directory.None {
		return nil, nil
	}
	all, err := e.claimants(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading what agents say of their computers: %w", err)
	}
	taken := rivals{guids: map[string]bool{}, names: map[string]bool{}, unsaid: map[string]bool{}}
	for i := range all {
		if !all[i].pending && !e.Policy.Current().Revoked(all[i].agentID, nil) {
			taken.add(&all[i].claim)
		}
	}
	said := map[string]directory.Result{}
	now := time.Now()
	for i := range all {
		if !all[i].pending {
			continue
		}
		result := e.Directory.Match(all[i].claim, now)
		if taken.has(&all[i].claim) && result != directory.None {
			result = directory.Conflict
		}
		said[all[i].agentID] = result
	}
	return said, nil
}

func (e *Enroll) claimants(ctx context.Context) (all []claimant, err error) {
	rows, err := e.Store.Reader().QueryContext(ctx, `SELECT a.agent_id, a.pending, h.hostname, h.domain, h.ad_object_guid, h.machine_sid
		FROM agent a JOIN host h ON h.host_id = a.host_id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	for rows.Next() {
		var c claimant
		if err := rows.Scan(&c.agentID, &c.pending, &c.claim.Hostname, &c.claim.Domain, &c.claim.ObjectGUID, &c.claim.MachineSID); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// rivals are the computers of agents that were let in: their objectGUIDs, their
// names, and the names of those that give no objectGUID.
type rivals struct{ guids, names, unsaid map[string]bool }

func (r *rivals) add(c *directory.Claim) {
	name := strings.ToLower(c.Hostname)
	r.names[name] = true
	if c.ObjectGUID == "" {
		r.unsaid[name] = true
		return
	}
	r.guids[strings.ToLower(c.ObjectGUID)] = true
}

func (r *rivals) has(c *directory.Claim) bool {
	name := strings.ToLower(c.Hostname)
	if c.ObjectGUID == "" {
		return r.names[name]
	}
	return r.guids[strings.ToLower(c.ObjectGUID)] || r.unsaid[name]
}
