package heal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/rule"
	"github.com/osiriscare/osiris/shared/runbook"
)

// decision is what to do about an open incident: one of the three.
type decision struct {
	order *rule.Rule // its runbook is to run
	wait  time.Duration
	alert string // a person has to deal with it, and why
}

func (h *Healer) decideAll(ctx context.Context, nowMs int64) (time.Duration, error) {
	open, err := incident.InState(ctx, h.Store.Reader(), incident.Open, roundLimit)
	if err != nil {
		return 0, err
	}
	next := idle
	for _, i := range open {
		d, err := h.decide(ctx, i, nowMs)
		if err != nil {
			return 0, fmt.Errorf("deciding on incident %s: %w", i.ID, err)
		}
		switch {
		case d.order != nil:
			err = h.begin(ctx, i, d.order, nowMs)
		case d.alert != "":
			err = h.alert(ctx, i, d.alert, nowMs)
		default:
			next = min(next, d.wait)
		}
		if err != nil {
			return 0, err
		}
	}
	return next, nil
}

// decide changes nothing. The order of its questions is the order of their
// weight: what nobody may do comes before what would be wise.
func (h *Healer) decide(ctx context.Context, i incident.Incident, nowMs int64) (decision, error) {
	picked, err := h.pick(ctx, i, nowMs)
	if err != nil {
		return decision{}, err
	}
	switch picked.Outcome {
	case rule.Matched, rule.Cooling:
	case rule.NoRule:
		why, err := h.unruled(ctx, i)
		return decision{alert: why}, err
	case rule.Exhausted:
		return decision{alert: "Rule " + picked.Rule.ID + " was tried as often as it may be"}, nil
	case rule.Broken:
		return decision{alert: "Rule " + picked.Rule.ID + " cannot be judged: " + picked.Err.Error()}, nil
	}
	if why, err := h.forbidden(ctx, i, picked.Rule.Runbook, nowMs); why != "" || err != nil {
		return decision{alert: why}, err
	}
	n, err := heals(ctx, h.Store.Reader(), i, nowMs)
	if err != nil {
		return decision{}, fmt.Errorf("counting repairs: %w", err)
	}
	if n >= flapHeals {
		return decision{alert: fmt.Sprintf("It came back after %d repairs in two hours; something undoes them", n)}, nil
	}
	// A rule in cooldown stops the chain: no weaker rule gets its turn (D28).
	if picked.Outcome == rule.Cooling {
		return decision{wait: picked.Until.Sub(time.UnixMilli(nowMs)) + time.Millisecond}, nil
	}
	if occupied, err := busy(ctx, h.Store.Reader(), i.HostID); err != nil || occupied {
		return decision{wait: idle}, err // its result wakes us
	}
	return decision{order: picked.Rule}, nil
}

// pick asks the rules, with what they have done before.
func (h *Healer) pick(ctx context.Context, i incident.Incident, nowMs int64) (rule.Decision, error) {
	var failed error
	in := rule.Input{
		Check: i.CheckID, DriftType: i.DriftType, Severity: i.Severity,
		Host: rule.Host{OS: i.OS, Hostname: i.Hostname}, Facts: i.Facts,
	}
	picked := h.Rules.Pick(ctx, in, time.UnixMilli(nowMs), func(ruleID string) rule.Past {
		p, err := past(ctx, h.Store.Reader(), i, ruleID)
		failed = errors.Join(failed, err)
		return p
	})
	if failed != nil {
		return picked, fmt.Errorf("reading what was tried before: %w", failed)
	}
	// A search cut short by our own stop says nothing about the rule.
	if err := ctx.Err(); err != nil {
		return picked, err
	}
	return picked, nil
}

// forbidden says why the runbook may not run on the incident's host, or "".
func (h *Healer) forbidden(ctx context.Context, i incident.Incident, book *runbook.Runbook, nowMs int64) (string, error) {
	switch {
	case i.AgentID == "":
		return h.agentless(ctx, i, book)
	case book.Roads.Agent == nil:
		return "Runbook " + book.ID + " does not run through agents", nil
	case book.Platform != i.OS:
		return "Runbook " + book.ID + " is for " + book.Platform + ", the host runs " + i.OS, nil
	case !book.Heals(i.CheckID):
		return "Runbook " + book.ID + " does not mend " + string(i.CheckID), nil
	case book.Disruptive || book.Reboot:
		return "The repair interrupts people and needs an approval", nil
	case h.Policy.TierOf(i.AgentID, nowMs) < trustlite.Tier_TIER_SELF_HEAL:
		return "The policy only monitors this host", nil
	default:
		return "", nil
	}
}

// errStale means that the incident moved on since it was read.
var errStale = errors.New("incident changed meanwhile")

// begin makes the command, its evidence and the incident's new state at once.
func (h *Healer) begin(ctx context.Context, i incident.Incident, r *rule.Rule, nowMs int64) error {
	c := newCommand(i, r, h.Policy.PolicyVersion(), nowMs)
	err := h.Store.Write(ctx, func(tx *store.Tx) error {
		current, err := incident.Get(ctx, tx, i.ID)
		if err != nil {
			return err
		}
		if current.State != incident.Open {
			return errStale
		}
		healing, err := incident.BeginHealing(ctx, tx, i.ID, r.Runbook.ID, "Repair ordered: "+r.Runbook.Title, nowMs)
		if err != nil {
			return err
		}
		if err := c.save(ctx, tx); err != nil {
			return err
		}
		return outbox.Add(ctx, tx, issued(healing, c, r.Runbook, nowMs))
	})
	if errors.Is(err, errStale) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ordering %s for incident %s: %w", r.Runbook.ID, i.ID, err)
	}
	h.Outbox.Wake()
	h.Log.InfoContext(ctx, "repair ordered", "incident_id", i.ID, "host_id", i.HostID, "check_id", i.CheckID,
		"rule_id", c.RuleID, "runbook_id", c.RunbookID, "command_id", c.ID)
	return nil
}

// alert hands an open incident to a person.
func (h *Healer) alert(ctx context.Context, i incident.Incident, why string, nowMs int64) error {
	var change incident.Change
	err := h.Store.Write(ctx, func(tx *store.Tx) (err error) {
		change, err = h.escalate(ctx, tx, i.ID, bundle.OutcomeAlert, why, nowMs)
		return err
	})
	if err != nil {
		return fmt.Errorf("escalating incident %s: %w", i.ID, err)
	}
	h.announce(ctx, change)
	return nil
}

// escalate is the only way to a person: the incident and its evidence change
// together.
func (h *Healer) escalate(ctx context.Context, tx *store.Tx, incidentID, outcome, why string, nowMs int64) (incident.Change, error) {
	change, err := incident.Escalate(ctx, tx, incidentID, outcome, why, nowMs)
	if err != nil || change.Kind == incident.None {
		return change, err
	}
	return change, outbox.Add(ctx, tx, escalated(change.Incident, nowMs))
}

// announce logs an escalation once it is durable.
func (h *Healer) announce(ctx context.Context, c incident.Change) {
	if c.Kind == incident.WasEscalated {
		h.Outbox.Wake()
		i := c.Incident
		h.Log.WarnContext(ctx, "escalated", "incident_id", i.ID, "host_id", i.HostID, "hostname", i.Hostname,
			"check_id", i.CheckID, "outcome", i.Outcome, "reason", i.Summary)
	}
}
