package incident

import (
	"context"
	"fmt"

	"github.com/osiriscare/osiris/appliance/internal/id"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/check"
)

// Observe applies one observation inside tx and returns what changed.
func Observe(ctx context.Context, tx *store.Tx, o Observation) (Change, error) {
	current, err := concerned(ctx, tx, o)
	if err != nil {
		return Change{}, fmt.Errorf("reading incident of %s on %s: %w", o.CheckID, o.HostID, err)
	}
	change := next(current, o, func() string { return id.New(id.Incident) })
	if change.Kind == None {
		return change, nil
	}
	return change, Save(ctx, tx, change.Incident)
}

// concerned reads the incident that an observation can change, or nil. It is asked
// for every record that arrives, and most of them pass: reading the newest incident
// each time and saving it were over 40 % of the intake writer's time (2026-11-22).
func concerned(ctx context.Context, q Queries, o Observation) (*Incident, error) {
	switch o.Status {
	case check.Fail:
		return newest(ctx, q, o.SiteID, o.HostID, o.CheckID)
	case check.Pass:
		return live(ctx, q, o.SiteID, o.HostID, o.CheckID)
	default:
		return nil, nil // unknown and not_applicable change nothing (D17)
	}
}

// Supersede ends what a source sees of a check on a host because a better one, by,
// judges it there now and the source does not look any more.
func Supersede(ctx context.Context, tx *store.Tx, o Observation, by string) (Change, error) {
	current, err := live(ctx, tx, o.SiteID, o.HostID, o.CheckID)
	if err != nil {
		return Change{}, fmt.Errorf("reading incident of %s on %s: %w", o.CheckID, o.HostID, err)
	}
	if current == nil {
		return Change{Kind: None}, nil
	}
	change := superseded(*current, o.Source, by, o.AtMs)
	if change.Kind == None {
		return change, nil
	}
	return change, Save(ctx, tx, change.Incident)
}

// BeginHealing moves an open incident to healing.
func BeginHealing(ctx context.Context, tx *store.Tx, incidentID, runbookID, summary string, nowMs int64) (Incident, error) {
	i, err := Get(ctx, tx, incidentID)
	if err != nil {
		return i, err
	}
	i.State, i.Level, i.Outcome, i.RunbookID, i.Summary, i.ChangedMs = Healing, L1, "", runbookID, summary, nowMs
	return i, Save(ctx, tx, i)
}

// Escalate hands an incident to a person. Doing it twice changes nothing.
func Escalate(ctx context.Context, tx *store.Tx, incidentID, outcome, summary string, nowMs int64) (Change, error) {
	i, err := Get(ctx, tx, incidentID)
	if err != nil {
		return Change{}, err
	}
	if i.State == Escalated || i.State == Resolved {
		return Change{Kind: None, Incident: i}, nil
	}
	i.State, i.Level, i.Outcome, i.Summary, i.ChangedMs = Escalated, L3, outcome, summary, nowMs
	i.Escalated++
	return Change{Kind: WasEscalated, Incident: i}, Save(ctx, tx, i)
}

// Healed records that a command's own verify passed. The agent ran the same
// check that opened the incident, so its drift is gone.
func Healed(ctx context.Context, tx *store.Tx, incidentID, source, summary string, nowMs int64) (Change, error) {
	i, err := Get(ctx, tx, incidentID)
	if err != nil {
		return Change{}, err
	}
	kind := None
	if i.State != Resolved {
		c := passed(i, Observation{Source: source, AtMs: nowMs})
		if c.Kind == None {
			c.Incident = i
		}
		i, kind = c.Incident, c.Kind
	}
	// A pass may have arrived before the result; who healed it is known now.
	i.Level, i.Outcome, i.Summary, i.ChangedMs = L1, "success", summary, nowMs
	return Change{Kind: kind, Incident: i}, Save(ctx, tx, i)
}

// Clear lets an escalated incident be healed again; an operator asks for it.
func Clear(ctx context.Context, tx *store.Tx, incidentID string, nowMs int64) (Change, error) {
	i, err := Get(ctx, tx, incidentID)
	if err != nil {
		return Change{}, err
	}
	if i.State != Escalated {
		return Change{Kind: None, Incident: i}, nil
	}
	i.State, i.Level, i.Outcome, i.Summary, i.ChangedMs = Open, "", "", "Cleared by an operator", nowMs
	return Change{Kind: Updated, Incident: i}, Save(ctx, tx, i)
}

// Settled records that a command found nothing to do: the check passed before
// anything was changed.
func Settled(ctx context.Context, tx *store.Tx, incidentID, source, summary string, nowMs int64) (Change, error) {
	i, err := Get(ctx, tx, incidentID)
	if err != nil || i.State == Resolved {
		return Change{Incident: i}, err
	}
	c := passed(i, Observation{Source: source, AtMs: nowMs})
	if c.Kind == None {
		return Change{Incident: i}, nil
	}
	c.Incident.Summary = summary
	return c, Save(ctx, tx, c.Incident)
}
