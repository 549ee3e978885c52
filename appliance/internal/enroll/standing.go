package enroll

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
)

// standing is what limits an agent, kept in memory because every call asks.
type standing struct {
	cap        trustlite.Tier
	pending    bool
	quarantine Quarantine
	strict     bool   // only the newest certificate opens a session
	serial     []byte // of the newest certificate
}

// standingOf reads what fields scans.
const standingOf = `SELECT agent.agent_id, agent.tier, agent.pending, agent.quarantine, agent.strict, agent.serial,
	agent.host_id, coalesce(host.hostname, '') FROM agent LEFT JOIN host ON host.host_id = agent.host_id`

func (s *standing) fields(agentID, hostID, hostname *string) []any {
	return []any{agentID, &s.cap, &s.pending, &s.quarantine, &s.strict, &s.serial, hostID, hostname}
}

// put makes a standing count and tells who waits for a change.
func (e *Enroll) put(agentID string, s standing) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.agents[agentID] = s
	close(e.changed)
	e.changed = make(chan struct{})
}

// Changed is closed at the next change of an agent's standing after the call.
func (e *Enroll) Changed() <-chan struct{} {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.changed
}

// Admits reports whether a certificate opens a session: any valid one, unless a
// copy of the agent is about.
func (e *Enroll) Admits(agentID string, serial []byte) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	s := e.agents[agentID]
	return !s.strict || bytes.Equal(s.serial, serial)
}

// followEvery is how soon a decision made by another process counts.
const followEvery = time.Second

// Run follows what people decide with the command line, until ctx ends.
func (e *Enroll) Run(ctx context.Context) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := e.follow(ctx); err != nil && ctx.Err() == nil {
				e.Log.ErrorContext(ctx, "decisions not read", "error", err)
			}
		}
	}
}

// follow takes over the standing of agents that were decided on.
func (e *Enroll) follow(ctx context.Context) error {
	var newest int64
	if err := e.Store.Reader().QueryRowContext(ctx, "SELECT coalesce(max(n), 0) FROM decision").Scan(&newest); err != nil {
		return err
	}
	e.mu.RLock()
	seen := e.seen
	e.mu.RUnlock()
	if newest == seen {
		return nil
	}
	return e.load(ctx, seen, newest)
}

// load reads the standing of agents decided on after the one number, up to the
// other; of all when the first is negative.
func (e *Enroll) load(ctx context.Context, after, upTo int64) error {
	rows, err := e.Store.Reader().QueryContext(ctx, standingOf+
		" WHERE ? < 0 OR agent.agent_id IN (SELECT agent_id FROM decision WHERE n > ? AND n <= ?)", after, after, upTo)
	if err != nil {
		return fmt.Errorf("reading agents: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	for rows.Next() {
		var id string
		var s standing
		if err := rows.Scan(s.fields(&id, new(string), new(string))...); err != nil {
			return fmt.Errorf("reading agents: %w", err)
		}
		e.put(id, s)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reading agents: %w", err)
	}
	e.mu.Lock()
	e.seen = upTo
	e.mu.Unlock()
	return nil
}
