package update

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/store"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// member is an agent of a program's system with its place in the rings.
type member struct {
	id     string
	ring   int // the first that it is in; len(Rings) for none
	asked  int64
	failed bool // it could not take the program, and the old one stayed
}

// patience is how long an agent may be silent before its ring waits for it no
// longer: a machine that is off for a long weekend is still waited for.
const patience = 4 * 24 * time.Hour

// awaited tells whether the rings so far have anybody who may yet install the
// program. A ring of which all are off, or have said that they cannot, or that
// has nobody of this system, would else stand still for ever.
func awaited(all []member, ring int, now int64) bool {
	return slices.ContainsFunc(all, func(m member) bool {
		return m.ring <= ring && !m.failed && now-m.asked < patience.Milliseconds()
	})
}

// members are the agents of the same system, which that the program is for.
func (u *Update) members(ctx context.Context, tx *store.Tx, a asker, sum []byte, now int64) ([]member, error) {
	rows, err := tx.QueryContext(ctx, `SELECT a.agent_id, a.asked_ms, coalesce(r.state, 0) FROM update_agent a
		LEFT JOIN update_result r ON r.agent_id = a.agent_id AND r.sha256 = ?
		WHERE a.os = ? AND a.arch = ? AND a.asked_ms >= ?`, sum, a.os, a.arch, now-heardOf.Milliseconds())
	if err != nil {
		return nil, fmt.Errorf("listing the agents of a system: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err says it
	var named, others []member
	for rows.Next() {
		var m member
		var state int32
		if err := rows.Scan(&m.id, &m.asked, &state); err != nil {
			return nil, fmt.Errorf("listing the agents of a system: %w", err)
		}
		m.failed = state == int32(compliancev1.UpdateState_UPDATE_STATE_FAILED)
		if m.ring = u.named(m.id); m.ring >= 0 {
			named = append(named, m)
		} else {
			others = append(others, m)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing the agents of a system: %w", err)
	}
	u.share(others, sum)
	return append(named, others...), nil
}

// named is the ring that names an agent or its computer, -1 if none does.
func (u *Update) named(agentID string) int {
	hostname := ""
	for i, r := range u.Rings {
		for _, h := range r.Hosts {
			if h == agentID {
				return i
			}
			if hostname == "" {
				computer, _ := u.Hosts.Agent(agentID)
				hostname = cmp.Or(computer.Hostname, " ")
			}
			if strings.EqualFold(h, hostname) {
				return i
			}
		}
	}
	return -1
}

// share gives those that no ring names their rings by percent. Those that one
// names do not count: a later ring's would take a place that nobody fills.
func (u *Update) share(others []member, sum []byte) {
	slices.SortFunc(others, func(a, b member) int {
		mine, theirs := place(a.id, sum), place(b.id, sum)
		return bytes.Compare(mine[:], theirs[:])
	})
	for before := range others {
		m := &others[before]
		m.ring = slices.IndexFunc(u.Rings, func(r Ring) bool { return before*100 < len(others)*r.Percent })
		if m.ring < 0 {
			m.ring = len(u.Rings)
		}
	}
}

// place is where an agent stands in the row for a program: at another place for
// each, so that not one machine always goes first.
func place(agentID string, sum []byte) [sha256.Size]byte {
	return sha256.Sum256(append(append([]byte(nil), sum...), agentID...))
}
