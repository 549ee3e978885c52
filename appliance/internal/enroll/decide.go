package enroll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/store"
)

// Errors of a decision.
var (
	ErrUnknown = errors.New("no agent has this id; osiris-appliance agent list shows them")
	ErrFree    = errors.New("the agent is not held for that; osiris-appliance agent list shows why it is")
	// ErrUnconfirmed carries the directory's result.
	ErrUnconfirmed = errors.New("the site's domain does not confirm the agent; look at the computer, then approve it --without-directory")
)

var errWords = errors.New("a decision names a person and a reason of at most 1000 bytes")

// Decision is what a person says about an agent that is held.
type Decision struct {
	AgentID string
	Person  string // who decides
	Reason  string
	// WithoutDirectory approves what the site's domain does not confirm.
	WithoutDirectory bool
	version          int64 // of one that Central signed
}

// What can be decided.
const (
	approve = "approve"
	release = "release"
)

// check says what is missing.
func (d Decision) check() error {
	if d.Person == "" || d.Reason == "" || len(d.Reason) > 1000 {
		return errWords
	}
	return nil
}

// Approve ends the waiting of an agent that came with a roll-out token, if the
// site's domain confirms it or the decision does without (D12). It works beside a
// running appliance, as Release does, and so needs neither CA nor Hosts.
func (e *Enroll) Approve(ctx context.Context, d Decision) error {
	said, err := e.Confirmations(ctx)
	if err != nil {
		return err
	}
	result := said[d.AgentID]
	words := "was approved"
	switch {
	case result == directory.None:
	case result.Confirms():
		words += " (the directory: " + string(result) + ")"
	case d.WithoutDirectory:
		words += " without the directory (it says: " + string(result) + ")"
	default:
		return fmt.Errorf("approving %s, of which the directory says %s: %w", d.AgentID, result, ErrUnconfirmed)
	}
	return e.decide(ctx, d, approve, func(s *standing) (key, text string, ok bool) {
		ok, s.pending = s.pending, false
		return "approval/" + d.AgentID, words, ok
	})
}

// Release ends an agent's quarantine. Of a clone and its original the one that
// renewed last is believed from then on: only the newest certificate opens a
// session, and another machine with an older one brings the quarantine back.
func (e *Enroll) Release(ctx context.Context, d Decision) error {
	return e.decide(ctx, d, release, func(s *standing) (key, words string, ok bool) {
		was := s.quarantine
		s.quarantine, s.strict = Free, s.strict || was == Clone
		return fmt.Sprintf("release/%s/%d", d.AgentID, time.Now().UnixMilli()), "was released from quarantine (" + string(was) + ")", was != Free
	})
}

// decide changes an agent's standing by change, which also gives the evidence's
// key and words, and says whether there was anything to decide.
func (e *Enroll) decide(ctx context.Context, d Decision, what string, change func(*standing) (key, words string, ok bool)) error {
	if err := d.check(); err != nil {
		return err
	}
	var s standing
	var key, words string
	err := e.Store.Write(ctx, func(tx *store.Tx) error {
		var hostID, hostname string
		err := tx.QueryRowContext(ctx, standingOf+" WHERE agent.agent_id = ?", d.AgentID).Scan(s.fields(new(string), &hostID, &hostname)...)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrUnknown
		}
		if err != nil {
			return fmt.Errorf("reading agent %s: %w", d.AgentID, err)
		}
		ok := false
		if key, words, ok = change(&s); !ok {
			return ErrFree
		}
		now := time.Now()
		return errors.Join(
			exec(ctx, tx, "UPDATE agent SET pending = ?, quarantine = ?, strict = ? WHERE agent_id = ?", s.pending, string(s.quarantine), s.strict, d.AgentID),
			d.keep(ctx, tx, what, ""),
			e.prove(ctx, tx, &registration{now: now, agentID: d.AgentID, standing: s, host: &host.Host{ID: hostID, Hostname: hostname}}, key,
				fmt.Sprintf("Agent %s %s by %s, tier at most %d: %s", d.AgentID, words, d.who(), s.cap, d.Reason)),
		)
	})
	if err != nil {
		return err
	}
	e.put(d.AgentID, s)
	e.Log.InfoContext(ctx, "agent decided on", "agent_id", d.AgentID, "decision", what, "person", d.who())
	return nil
}

// keep adds the decision's row; void says why it had no effect.
func (d Decision) keep(ctx context.Context, tx *store.Tx, what, void string) error {
	return exec(ctx, tx, "INSERT INTO decision (agent_id, what, person, reason, made_ms, version, void) VALUES (?,?,?,?,?,?,?)",
		d.AgentID, what, d.Person, d.Reason, time.Now().UnixMilli(), d.version, void)
}

// who is the person, and where they decided.
func (d Decision) who() string {
	if d.version == 0 {
		return d.Person
	}
	return fmt.Sprintf("%s at Central (decision %d)", d.Person, d.version)
}
