package heal

import (
	"encoding/hex"
	"strconv"

	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/runbook"
)

// about fills what every bundle on an incident has. Site, appliance and
// versions of documents are the outbox's to fill.
func about(i incident.Incident, kind, id string, nowMs int64) *bundle.Bundle {
	b := &bundle.Bundle{
		BundleID: id, Kind: kind, SiteID: i.SiteID, HostID: i.HostID, Hostname: i.Hostname, Source: "appliance",
		AgentID: i.AgentID, CheckID: string(i.CheckID), DriftType: i.DriftType, Severity: i.Severity,
		IncidentID: i.ID, Level: string(i.Level), RunbookID: i.RunbookID,
		ReceivedTime: bundle.Time(nowMs), MadeTime: bundle.Time(nowMs), DeploymentMode: "direct", // as the bundle of its report
		PreState: map[string]string{},
	}
	if c, ok := catalog.Find(i.CheckID); ok {
		b.HIPAAControls = c.Citations
	}
	for _, f := range i.Facts {
		b.PreState[f.Name] = f.Value
	}
	return b
}

// issued proves that a command was ordered, before it is sent.
func issued(i incident.Incident, c command, book *runbook.Runbook, nowMs int64) *bundle.Bundle {
	b := about(i, bundle.KindCommand, c.bundleID(), nowMs)
	b.Phase, b.Outcome = "order", bundle.OutcomeNone
	b.RunbookHash, b.CommandID, b.OrderID = hex.EncodeToString(book.Hash[:]), c.ID, c.RuleID
	b.PolicyVersion = c.PolicyVersion
	b.Actions = []bundle.Action{{Step: "order", OK: true, Detail: "rule " + c.RuleID + " chose " + book.ID, StartedAt: bundle.Time(nowMs)}}
	b.Summary = "Repair ordered: " + book.Title
	return b
}

// escalated proves that a person was asked.
func escalated(i incident.Incident, nowMs int64) *bundle.Bundle {
	b := about(i, bundle.KindEscalation, bundle.IDOf("escalation/"+i.ID+"/"+strconv.Itoa(i.Reopened)+"/"+strconv.Itoa(i.Escalated)), nowMs)
	b.Phase, b.Outcome = "escalate", bundle.OutcomeAlert
	b.Summary = "Needs a person: " + i.Summary
	return b
}
