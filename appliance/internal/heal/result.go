package heal

import (
	"context"
	"fmt"

	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// finish takes a command's result inside the transaction that accepts it. A
// result of a command that is not this agent's, or that is done already,
// changes nothing.
func (h *Healer) finish(ctx context.Context, tx *store.Tx, e *drift.Event) (incident.Change, error) {
	r, nowMs := e.Result, e.ReceivedTime.UnixMilli()
	c, err := commandByID(ctx, tx, r.CommandID)
	if err != nil || c == nil || c.AgentID != e.Key.AgentID || c.State == done {
		return incident.Change{}, err
	}
	c.State, c.DoneMs, c.Outcome, c.Message = done, nowMs, string(r.Outcome), r.Message
	if r.Outcome == drift.Healed && !passed(r.After, *c) {
		c.Outcome = "unproven" // it must not count as a repair
	}
	if err := c.save(ctx, tx); err != nil {
		return incident.Change{}, err
	}
	change, err := h.conclude(ctx, tx, *c, e)
	if err != nil {
		return change, fmt.Errorf("concluding command %s: %w", c.ID, err)
	}
	return change, nil
}

func (h *Healer) conclude(ctx context.Context, tx *store.Tx, c command, e *drift.Event) (incident.Change, error) {
	r, nowMs := e.Result, e.ReceivedTime.UnixMilli()
	var change incident.Change
	var err error
	switch {
	case passed(r.After, c) && r.Outcome == drift.Healed:
		change, err = incident.Healed(ctx, tx, c.IncidentID, string(e.Source), "Repaired and verified", nowMs)
	case passed(r.Before, c) && r.Outcome == drift.NotNeeded:
		change, err = incident.Settled(ctx, tx, c.IncidentID, string(e.Source), "It was in order again before the repair began", nowMs)
	default:
		outcome, why := verdictOn(r)
		return h.escalate(ctx, tx, c.IncidentID, outcome, why, nowMs)
	}
	if err != nil || change.Incident.State == incident.Resolved {
		return change, err
	}
	// Another source still sees the drift: the two cannot both be right.
	return h.escalate(ctx, tx, c.IncidentID, bundle.OutcomeFailed, "The repair passed its check, but another source still sees the drift", nowMs)
}

// passed reports whether v is an executed pass of the command's check. Success
// must be stated.
func passed(v *drift.Verdict, c command) bool {
	return v != nil && v.Check == c.CheckID && v.Status == check.Pass
}

// verdictOn says what a result that did not heal means.
func verdictOn(r *drift.Result) (outcome, why string) {
	outcome = OutcomeOf(r.Outcome)
	switch r.Outcome {
	case drift.RolledBack:
		why = "The repair did not help and was undone"
	case drift.Refused:
		why = "The host refused the repair"
	case drift.DryRun:
		why = "Only a trial run was made"
	case drift.Healed, drift.NotNeeded:
		// It claims success without a passing check of its own.
		return bundle.OutcomeFailed, "The host reported success without a passing check"
	default:
		why = "The repair failed"
	}
	if r.Message != "" {
		why += ": " + r.Message
	}
	return outcome, why
}

// OutcomeOf is how evidence names a command's outcome. What is not a stated
// success is none.
func OutcomeOf(o drift.Outcome) string {
	switch o {
	case drift.Healed:
		return bundle.OutcomeSuccess
	case drift.NotNeeded:
		return bundle.OutcomeNone
	case drift.RolledBack:
		return bundle.OutcomeReverted
	case drift.Refused:
		return bundle.OutcomeRejected
	case drift.DryRun:
		return bundle.OutcomeDeferred
	default:
		return bundle.OutcomeFailed
	}
}
