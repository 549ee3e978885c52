package intake

import (
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/id"
	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// Versions says under which signed documents something was accepted.
type Versions interface {
	Versions() (trust, policy uint64)
}

// Maker turns accepted events into drafts of bundles.
type Maker struct {
	siteID      string
	applianceID string
	version     string
	versions    Versions
}

// NewMaker makes a maker; version is the program's.
func NewMaker(siteID, applianceID, version string, versions Versions) *Maker {
	return &Maker{siteID: siteID, applianceID: applianceID, version: version, versions: versions}
}

// phaseReceived is the phase in the ids of bundles made here.
const phaseReceived = "received"

// deploymentMode is how the practice gets the service: direct, or reseller when
// another company stands between, which no provisioning string can say yet.
const deploymentMode = "direct"

// surelyFits is the size of a draft, without indentation, that cannot exceed
// bundle.MaxSize with it.
const surelyFits = bundle.MaxSize / 4

// prepare encodes the bundle of an event as far as it is known before the
// transaction. Its error names an event whose bundle would be too large: foreign
// control characters take six times their size in JSON.
func (m *Maker) prepare(e *drift.Event, h *host.Host) (*outbox.Draft, error) {
	b := m.draft(h, e)
	d, err := outbox.Prepare(b)
	if err != nil || d.Size() <= surelyFits {
		return d, err
	}
	_, err = b.Encode()
	return d, err
}

// draft is the bundle of an event: who, and what.
func (m *Maker) draft(h *host.Host, e *drift.Event) *bundle.Bundle {
	b := &bundle.Bundle{
		SiteID: m.siteID, ApplianceID: m.applianceID, HostID: h.ID, Hostname: h.Hostname, DeviceType: h.DeviceType, Source: string(e.Source),
		AgentID: e.Key.AgentID, QueueID: e.Key.QueueID, Seq: e.Key.Seq, RecordID: e.Key.RecordID,
		Phase: phaseReceived, Outcome: bundle.OutcomeNone, Appliance: m.version, DeploymentMode: deploymentMode,
		AgentTime: bundle.At(e.AgentTime), ReceivedTime: bundle.At(e.ReceivedTime), MadeTime: bundle.At(time.Now()),
	}
	b.TrustVersion, b.PolicyVersion = m.versions.Versions()
	switch {
	case e.Key.Seq > 0:
		b.BundleID = bundle.ID(e.Key.AgentID, e.Key.QueueID, e.Key.Seq, phaseReceived)
	case e.Result != nil: // a command ends once, however often that is told
		b.BundleID = bundle.IDOf("command/" + e.Result.CommandID + "/result")
	default:
		b.BundleID = bundle.IDOf("report/" + id.New("r")) // no key: each report is its own event
	}
	describe(b, e)
	if e.ClockSuspect {
		b.Summary += " The sender's clock cannot be right."
	}
	if e.Asserted {
		b.Summary += " The sender proves no identity."
	}
	return b
}

func describe(b *bundle.Bundle, e *drift.Event) {
	switch e.Kind {
	case drift.KindVerdict:
		v := verdict(e.Verdict)
		b.Verdict, b.Kind = &v, bundle.KindObservation
		b.CheckID, b.DriftType, b.Severity = v.CheckID, e.Verdict.DriftType, v.Severity
		b.HIPAAControls = citations(e.Verdict.Check)
		b.Summary = fmt.Sprintf("%s: %s. %s", v.CheckID, v.Status, v.Reason)
	case drift.KindState:
		b.Kind = bundle.KindState
		for n := range e.State.Verdicts {
			b.Verdicts = append(b.Verdicts, verdict(&e.State.Verdicts[n]))
		}
		b.Summary = fmt.Sprintf("All %d verdicts of the host.", len(b.Verdicts))
	case drift.KindResult:
		describeResult(b, e.Result)
	case drift.KindGap:
		b.Kind = bundle.KindGap
		b.Gap = &bundle.Gap{From: e.Gap.From, To: e.Gap.To, Count: e.Gap.Count, Reason: e.Gap.Reason}
		b.Summary = fmt.Sprintf("%d records were lost before they arrived: %s.", e.Gap.Count, e.Gap.Reason)
	case drift.KindRefused:
		b.Kind, b.Outcome = bundle.KindObservation, bundle.OutcomeRejected
		b.Summary = "A record was refused: " + e.Refused + "."
	}
}

func describeResult(b *bundle.Bundle, r *drift.Result) {
	b.Kind, b.Outcome = bundle.KindResult, outcomeOf(r.Outcome)
	b.CheckID, b.IncidentID, b.RunbookID, b.CommandID = string(r.Check), r.IncidentID, r.RunbookID, r.CommandID
	b.HIPAAControls = citations(r.Check)
	if c, ok := catalog.Find(r.Check); ok {
		b.DriftType = c.DriftType
	}
	b.PreState, b.PostState = state(r.Before), state(r.After)
	if r.After != nil {
		v := verdict(r.After)
		b.Verdict, b.Severity = &v, v.Severity
	}
	for _, p := range r.Phases {
		b.Actions = append(b.Actions, bundle.Action{
			Step: p.Name, OK: p.OK, Detail: p.Detail, StartedAt: bundle.At(p.StartedAt), DurationMs: p.Duration.Milliseconds(),
		})
	}
	b.Summary = fmt.Sprintf("%s: %s. %s", r.RunbookID, r.Outcome, r.Message)
}

// finish sets what the transaction found out: what the event changed, and which
// incident it belongs to.
func finish(d *outbox.Draft, e *drift.Event, before []past, changes []incident.Change) {
	if e.Kind == drift.KindVerdict {
		d.Kind = kindOf(before[0].status, e.Verdict.Status)
	}
	for _, c := range changes {
		d.IncidentID, d.Level = c.Incident.ID, string(c.Incident.Level)
	}
}

// kindOf names a verdict by what it changed. Unknown is neither a drift nor a
// resolution (D17).
func kindOf(before, now check.Status) string {
	switch {
	case now == check.Fail && before != check.Fail:
		return bundle.KindDrift
	case now == check.Pass && (before == check.Fail || before == check.Unknown):
		return bundle.KindResolution
	}
	return bundle.KindObservation
}

func outcomeOf(o drift.Outcome) string {
	switch o {
	case drift.Healed:
		return bundle.OutcomeSuccess
	case drift.RolledBack:
		return bundle.OutcomeReverted
	case drift.Refused:
		return bundle.OutcomeRejected
	case drift.NotNeeded, drift.DryRun:
		return bundle.OutcomeNone
	case drift.Failed:
	}
	return bundle.OutcomeFailed
}

func verdict(v *drift.Verdict) bundle.Verdict {
	out := bundle.Verdict{
		CheckID: string(v.Check), Status: v.Status.String(), Severity: v.Severity, Actual: v.Actual, Expected: v.Expected,
		Reason: v.Reason, ObservedAt: bundle.At(v.ObservedAt), Cause: v.Cause, Facts: make([]bundle.Fact, 0, len(v.Facts)),
	}
	for _, f := range v.Facts {
		out.Facts = append(out.Facts, bundle.Fact{Name: f.Name, Value: f.Value})
	}
	return out
}

func state(v *drift.Verdict) map[string]string {
	if v == nil {
		return nil
	}
	out := map[string]string{"status": v.Status.String(), "actual": v.Actual}
	for _, f := range v.Facts {
		out[f.Name] = f.Value
	}
	return out
}

func citations(c check.ID) []string {
	if known, ok := catalog.Find(c); ok {
		return known.Citations
	}
	return nil
}
