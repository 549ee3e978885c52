package heal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/remote"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/runbook"
)

// deliverAll sends what waits and gives up what was never answered.
func (h *Healer) deliverAll(ctx context.Context, nowMs int64) (time.Duration, error) {
	commands, err := underWay(ctx, h.Store.Reader())
	if err != nil {
		return 0, err
	}
	next := idle
	for _, c := range commands {
		wait, err := h.deliver(ctx, c, nowMs)
		if err != nil {
			return 0, fmt.Errorf("delivering command %s: %w", c.ID, err)
		}
		next = min(next, wait)
	}
	return next, nil
}

func (h *Healer) deliver(ctx context.Context, c command, nowMs int64) (time.Duration, error) {
	book, err := h.Catalogue.Get(c.RunbookID)
	if err != nil {
		return idle, h.drop(ctx, c, bundle.OutcomeRejected, "The catalogue no longer has the runbook", nowMs)
	}
	// The tier may have been lowered since the command was made (D14). One that
	// was sent may have run, so its answer is still awaited.
	why, err := h.forbidden(ctx, incident.Incident{AgentID: c.AgentID, OS: book.Platform, CheckID: c.CheckID}, book, nowMs)
	switch {
	case err != nil:
		return idle, err
	case why != "" && c.State == pending:
		return idle, h.drop(ctx, c, bundle.OutcomeRejected, why, nowMs)
	}
	// Logged before it runs (D26): the order's evidence comes first.
	if waiting, err := h.Outbox.Holds(ctx, c.bundleID()); err != nil || waiting {
		return evidenceGap, err
	}
	delivery, err := h.send(ctx, c, book)
	switch {
	case errors.Is(err, remote.ErrAway):
		return awayGap, nil
	case err != nil:
		return idle, h.drop(ctx, c, bundle.OutcomeRejected, "The command could not be made: "+err.Error(), nowMs)
	case delivery.Sent:
		return idle, h.markSent(ctx, c, delivery, nowMs)
	case c.overdue(book.Timeout(), nowMs):
		return idle, h.drop(ctx, c, bundle.OutcomeFailed, "The host got the repair and did not answer in time", nowMs)
	default:
		left := c.SentMs + (book.Timeout() + grace).Milliseconds() - nowMs + 1
		return time.Duration(left) * time.Millisecond, nil
	}
}

func (h *Healer) send(ctx context.Context, c command, book *runbook.Runbook) (remote.Delivery, error) {
	id, err := c.raw()
	if err != nil {
		return remote.Delivery{}, err
	}
	return h.Runner.Run(ctx, remote.Target{HostID: c.HostID, AgentID: c.AgentID}, remote.Run{
		CommandID: id, Runbook: book, Parameters: c.Parameters, IncidentID: c.IncidentID, CheckID: c.CheckID,
		PolicyVersion: c.PolicyVersion, Timeout: book.Timeout(), Session: c.Session,
	})
}

// markSent comes after sending: a crash in between sends once more on the next
// session, which the agent answers from its journal.
func (h *Healer) markSent(ctx context.Context, c command, d remote.Delivery, nowMs int64) error {
	err := h.Store.Write(ctx, func(tx *store.Tx) error {
		current, err := commandByID(ctx, tx, c.ID)
		if err != nil || current == nil || current.State == done || current.State == dropped {
			return err // the result was faster
		}
		current.State, current.Session, current.SentMs = sent, d.Session, nowMs
		return current.save(ctx, tx)
	})
	if err != nil {
		return err
	}
	h.Log.InfoContext(ctx, "command sent", "command_id", c.ID, "incident_id", c.IncidentID, "agent_id", c.AgentID,
		"runbook_id", c.RunbookID, "check_id", c.CheckID)
	return nil
}

// drop ends a command that will not run, or that nobody answered.
func (h *Healer) drop(ctx context.Context, c command, outcome, why string, nowMs int64) error {
	var change incident.Change
	err := h.Store.Write(ctx, func(tx *store.Tx) error {
		current, err := commandByID(ctx, tx, c.ID)
		if err != nil || current == nil || current.State == done {
			return err
		}
		current.State, current.DoneMs, current.Outcome, current.Message = dropped, nowMs, outcome, why
		if err := current.save(ctx, tx); err != nil {
			return err
		}
		change, err = h.escalate(ctx, tx, c.IncidentID, outcome, why, nowMs)
		return err
	})
	if err != nil {
		return err
	}
	h.announce(ctx, change)
	return nil
}
