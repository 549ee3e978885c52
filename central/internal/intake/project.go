package intake

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"

	"github.com/osiriscare/osiris/central/internal/store"
)

// States of an incident.
const (
	stateOpen      = "open"
	stateHealing   = "healing"
	stateResolved  = "resolved"
	stateEscalated = "escalated"
)

// evidenceOf is the row of a bundle. Only a record's bundle has the record's
// key.
func evidenceOf(b *bundle.Bundle) store.Evidence {
	e := store.Evidence{
		SiteID: store.SiteID(b.SiteID), BundleID: b.BundleID, HostID: b.HostID, CheckID: b.CheckID,
		IncidentID: b.IncidentID, Kind: b.Kind, Outcome: b.Outcome, MadeMs: int64(b.MadeTime), Summary: b.Summary,
	}
	if b.QueueID != "" {
		e.AgentID, e.QueueID, e.Seq = b.AgentID, b.QueueID, b.Seq
	}
	return e
}

// Project writes the rows of host, verdict and incident that follow from a
// bundle.
func Project(ctx context.Context, p *store.Projection, b *bundle.Bundle) error {
	if b.HostID == "" {
		return nil
	}
	if err := p.PutHost(ctx, store.Host{
		SiteID: store.SiteID(b.SiteID), HostID: b.HostID, Hostname: b.Hostname, DeviceType: b.DeviceType,
		Source: b.Source, AgentID: b.AgentID, EvidenceMs: heardMs(b),
	}); err != nil {
		return err
	}
	switch b.Kind {
	case bundle.KindCommand, bundle.KindEscalation, bundle.KindResult:
		if err := actOn(ctx, p, b); err != nil {
			return err
		}
	case bundle.KindSuperseded:
		if err := supersede(ctx, p, b); err != nil {
			return err
		}
	}
	for _, v := range verdictsOf(b) {
		if err := p.PutVerdict(ctx, verdictRow(b, v)); err != nil {
			return err
		}
		if err := observe(ctx, p, b, v); err != nil {
			return err
		}
	}
	return nil
}

// heardMs is when the bundle shows that the host was heard of, or 0: what the
// appliance does about a host is no sign of life, nor that it could not be asked.
func heardMs(b *bundle.Bundle) int64 {
	verdicts := verdictsOf(b)
	asked := b.Source == string(drift.SourceWinRM) || b.Source == string(drift.SourceSSH)
	unknown := func(v bundle.Verdict) bool { return v.Status == check.Unknown.String() }
	silent := asked && len(verdicts) > 0 && !slices.ContainsFunc(verdicts, func(v bundle.Verdict) bool { return !unknown(v) })
	if b.Source == "appliance" || silent {
		return 0
	}
	return int64(b.ReceivedTime)
}

func verdictsOf(b *bundle.Bundle) []bundle.Verdict {
	if b.Verdict == nil {
		return b.Verdicts
	}
	return append([]bundle.Verdict{*b.Verdict}, b.Verdicts...)
}

func verdictRow(b *bundle.Bundle, v bundle.Verdict) store.Verdict {
	row := store.Verdict{
		SiteID: store.SiteID(b.SiteID), HostID: b.HostID, CheckID: v.CheckID, Source: b.Source, Status: v.Status,
		Severity: v.Severity, Actual: v.Actual, Expected: v.Expected, Reason: v.Reason, DriftType: b.DriftType,
		ObservedMs: int64(v.ObservedAt), ReceivedMs: int64(b.ReceivedTime), BundleID: b.BundleID,
	}
	known, found := catalog.Find(check.ID(v.CheckID))
	if found && row.DriftType == "" {
		row.DriftType = known.DriftType
	}
	switch {
	case b.Verdict != nil && len(b.HIPAAControls) > 0:
		row.Citation = b.HIPAAControls[0]
	case found && len(known.Citations) > 0:
		row.Citation = known.Citations[0]
	}
	return row
}

// actOn applies what was done about an incident.
func actOn(ctx context.Context, p *store.Projection, b *bundle.Bundle) error {
	if b.IncidentID == "" {
		return nil
	}
	i, err := incidentOf(ctx, p, b)
	if err != nil {
		return err
	}
	i.Level, i.RunbookID = or(b.Level, i.Level), or(b.RunbookID, i.RunbookID)
	i.ChangedMs = int64(b.ReceivedTime)
	if b.Kind != bundle.KindResult || i.State != stateEscalated {
		// What a person is asked stays; the result may be logged after it.
		i.Summary = or(b.Summary, i.Summary)
	}
	switch b.Kind {
	case bundle.KindCommand:
		i.State = stateHealing
	case bundle.KindEscalation:
		// The outcome of the repair that failed says more than "alert".
		i.State, i.Outcome = stateEscalated, or(i.Outcome, b.Outcome)
	case bundle.KindResult:
		i.Outcome = b.Outcome
		if b.Outcome == bundle.OutcomeNone && b.PreState["status"] == check.Pass.String() {
			clearSource(&i, b) // it was in order before the repair began
		}
	}
	return p.PutIncident(ctx, i)
}

// observe applies a verdict: a failure opens or reopens, an executed pass of
// every source that saw the drift resolves. Unknown changes nothing (D17).
func observe(ctx context.Context, p *store.Projection, b *bundle.Bundle, v bundle.Verdict) error {
	switch v.Status {
	case check.Fail.String():
		return failed(ctx, p, b, v)
	case check.Pass.String():
		i, err := p.Unresolved(ctx, store.SiteID(b.SiteID), b.HostID, v.CheckID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil || !clearSource(&i, b) {
			return err
		}
		return p.PutIncident(ctx, i)
	}
	return nil
}

// clearSource takes a pass of the bundle's source; a source that never saw the
// drift cannot clear it.
func clearSource(i *store.Incident, b *bundle.Bundle) bool {
	n := slices.Index(i.Sources, b.Source)
	if n < 0 {
		return false
	}
	i.Sources = slices.Delete(slices.Clone(i.Sources), n, n+1)
	i.ChangedMs = int64(b.ReceivedTime)
	if len(i.Sources) == 0 {
		i.State = stateResolved
		i.Outcome = or(i.Outcome, "cleared")
		i.Summary = or(b.Summary, i.Summary)
	}
	return true
}

// supersede forgets what a source said that does not look any more because an agent
// does, and ends the incident that nobody else sees. It was not seen to pass.
func supersede(ctx context.Context, p *store.Projection, b *bundle.Bundle) error {
	source := b.PostState[bundle.StateSource]
	for _, id := range slices.Sorted(maps.Keys(b.PreState)) {
		if err := p.DropVerdict(ctx, store.SiteID(b.SiteID), b.HostID, id, source); err != nil {
			return err
		}
	}
	if b.IncidentID == "" {
		return nil
	}
	i, err := p.Incident(ctx, store.SiteID(b.SiteID), b.IncidentID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	// One that began with a whole state may have no source here.
	i.Sources = slices.DeleteFunc(slices.Clone(i.Sources), func(s string) bool { return s == source })
	i.ChangedMs, i.Summary = int64(b.ReceivedTime), or(b.Summary, i.Summary)
	if len(i.Sources) == 0 {
		i.State, i.Outcome = stateResolved, bundle.KindSuperseded
	}
	return p.PutIncident(ctx, i)
}

func failed(ctx context.Context, p *store.Projection, b *bundle.Bundle, v bundle.Verdict) error {
	var i store.Incident
	var err error
	if b.IncidentID != "" && v.CheckID == b.CheckID {
		i, err = incidentOf(ctx, p, b)
	} else {
		// A state report names no incident for each of its verdicts.
		i, err = p.Unresolved(ctx, store.SiteID(b.SiteID), b.HostID, v.CheckID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
	}
	if err != nil {
		return err
	}
	if i.State == stateResolved {
		i.State, i.Level, i.Outcome, i.Sources = stateOpen, "", "", nil
	}
	if !slices.Contains(i.Sources, b.Source) {
		i.Sources = append(slices.Clone(i.Sources), b.Source)
		slices.Sort(i.Sources)
	}
	if i.State == stateOpen {
		i.Summary = or(v.Reason, i.Summary)
	}
	i.Severity, i.ChangedMs = or(v.Severity, i.Severity), int64(b.ReceivedTime)
	return p.PutIncident(ctx, i)
}

// incidentOf is the incident a bundle names, new if need be. A new one has the
// sources that already said so: a first report is the whole state, which names no
// incident and is logged before what was done about it.
func incidentOf(ctx context.Context, p *store.Projection, b *bundle.Bundle) (store.Incident, error) {
	i, err := p.Incident(ctx, store.SiteID(b.SiteID), b.IncidentID)
	if errors.Is(err, store.ErrNotFound) {
		i, err = store.Incident{
			SiteID: store.SiteID(b.SiteID), IncidentID: b.IncidentID, State: stateOpen, OpenedMs: int64(b.ReceivedTime),
		}, nil
	}
	fresh := err == nil && i.HostID == ""
	i.HostID, i.Hostname = or(i.HostID, b.HostID), or(b.Hostname, i.Hostname)
	i.CheckID, i.DriftType, i.Severity = or(i.CheckID, b.CheckID), or(i.DriftType, b.DriftType), or(i.Severity, b.Severity)
	if fresh {
		i.Sources, err = p.Failing(ctx, i.SiteID, i.HostID, i.CheckID)
	}
	return i, err
}

func or(first, second string) string {
	if first != "" {
		return first
	}
	return second
}
