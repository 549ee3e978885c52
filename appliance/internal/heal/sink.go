package heal

import (
	"context"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/drift"
)

// Accept turns an accepted event into changes of incidents, inside the
// transaction that accepts it. A result's command is concluded before its
// verdict is looked at, so that who healed is known.
func (h *Healer) Accept(ctx context.Context, tx *store.Tx, e *drift.Event, from host.Host) ([]incident.Change, error) {
	var changes []incident.Change
	if e.Result != nil {
		change, err := h.finish(ctx, tx, e)
		if err != nil {
			return nil, err
		}
		changes = add(changes, change)
	}
	for _, v := range e.Verdicts() {
		if v.DriftType == "" {
			continue // a check nobody here knows: stored and shown, never an incident
		}
		change, err := incident.Observe(ctx, tx, incident.Observation{
			SiteID: e.Site, HostID: e.HostID, Hostname: from.Hostname, OS: from.OS, AgentID: from.AgentID,
			Source: string(e.Source), CheckID: v.Check, DriftType: v.DriftType, Severity: v.Severity,
			Status: v.Status, Reason: v.Reason, Facts: v.Facts, AtMs: e.ReceivedTime.UnixMilli(),
		})
		if err != nil {
			return nil, err
		}
		changes = add(changes, change)
	}
	return changes, nil
}

func add(changes []incident.Change, c incident.Change) []incident.Change {
	if c.Kind == incident.None {
		return changes
	}
	return append(changes, c)
}

// Committed logs what became durable and wakes the decision loop.
func (h *Healer) Committed(changes []incident.Change) {
	ctx := context.Background() // the batch's own context may be gone already
	for _, c := range changes {
		i := c.Incident
		switch c.Kind {
		case incident.Opened, incident.Reopened:
			h.Log.InfoContext(ctx, "incident opened", "incident_id", i.ID, "host_id", i.HostID, "hostname", i.Hostname,
				"check_id", i.CheckID, "severity", i.Severity, "reason", i.Reason, "reopened", i.Reopened)
		case incident.WasResolved:
			h.Log.InfoContext(ctx, "incident resolved", "incident_id", i.ID, "host_id", i.HostID, "hostname", i.Hostname,
				"check_id", i.CheckID, "outcome", i.Outcome)
		case incident.WasSuperseded:
			h.Log.InfoContext(ctx, "incident superseded", "incident_id", i.ID, "host_id", i.HostID, "hostname", i.Hostname,
				"check_id", i.CheckID)
		case incident.WasEscalated:
			h.announce(ctx, c)
		case incident.None, incident.Updated:
		}
	}
	h.Wake()
}
