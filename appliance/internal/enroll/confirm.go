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
	revoked bool
	claim   directory.Claim
}

// Confirmations are what the directory says of the agents that wait for approval
// (DESIGN D12): it must know their computers, and no other agent, waiting or let
// in, may claim the same one: its objectGUID, or its name where one of both gives
// none. Every domain user can read the roll-out token, so of two that wait for the
// same computer neither is believed. Without a domain there are none.
func (e *Enroll) Confirmations(ctx context.Context) (map[string]directory.Result, error) {
	if e.Directory == nil || e.Directory.Match(directory.Claim{}, time.Now()) == directory.None {
		return nil, nil
	}
	all, err := e.claimants(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading what agents say of their computers: %w", err)
	}
	claimed := rivals{guids: map[string]int{}, names: map[string]int{}, unsaid: map[string]int{}}
	for i := range all {
		if all[i].revoked = e.Policy.Current().Revoked(all[i].agentID, nil); !all[i].revoked {
			claimed.count(&all[i].claim, 1)
		}
	}
	said := map[string]directory.Result{}
	now := time.Now()
	for i := range all {
		if !all[i].pending {
			continue
		}
		result := e.Directory.Match(all[i].claim, now)
		if claimed.byOthers(&all[i]) && result != directory.None {
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

// rivals count the computers that agents claim: their objectGUIDs, their names,
// and the names of those that give no objectGUID.
type rivals struct{ guids, names, unsaid map[string]int }

func (r *rivals) count(c *directory.Claim, by int) {
	name := strings.ToLower(c.Hostname)
	r.names[name] += by
	if c.ObjectGUID == "" {
		r.unsaid[name] += by
		return
	}
	r.guids[strings.ToLower(c.ObjectGUID)] += by
}

// byOthers reports whether another agent than c claims its computer.
func (r *rivals) byOthers(c *claimant) bool {
	if !c.revoked {
		r.count(&c.claim, -1)
		defer r.count(&c.claim, 1)
	}
	name := strings.ToLower(c.claim.Hostname)
	if c.claim.ObjectGUID == "" {
		return r.names[name] > 0
	}
	return r.guids[strings.ToLower(c.claim.ObjectGUID)] > 0 || r.unsaid[name] > 0
}
