package incident

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/osiriscare/osiris/shared/check"
)

// next is the state machine: what o makes of the newest incident of its (site,
// host, check), nil when there is none. It changes nothing outside its result.
func next(current *Incident, o Observation, newID func() string) Change {
	switch {
	case o.Status == check.Fail && current == nil:
		return opened(o, newID())
	case o.Status == check.Fail && current.State == Resolved:
		return recurred(*current, o, newID)
	case o.Status == check.Fail:
		return seenAgain(*current, o)
	case o.Status == check.Pass && current != nil && current.State != Resolved:
		return passed(*current, o)
	default:
		// Unknown and not_applicable neither open nor clear (D17).
		return Change{Kind: None}
	}
}

func opened(o Observation, id string) Change {
	return Change{Kind: Opened, Incident: Incident{
		ID: id, SiteID: o.SiteID, HostID: o.HostID, Hostname: o.Hostname, OS: o.OS, AgentID: o.AgentID,
		CheckID: o.CheckID, DriftType: o.DriftType, Severity: o.Severity, Pattern: pattern(o),
		Sources: []string{o.Source}, State: Open, Reason: o.Reason, Summary: o.Reason, Facts: o.Facts,
		OpenedMs: o.AtMs, ChangedMs: o.AtMs,
	}}
}

func recurred(i Incident, o Observation, newID func() string) Change {
	if o.AtMs-i.EndedMs >= recurrenceMs {
		return opened(o, newID())
	}
	i.State, i.EndedMs, i.Reopened = Open, 0, i.Reopened+1
	i.Level, i.Outcome = "", ""
	i.Sources = []string{o.Source}
	i.take(o)
	i.Summary = "It came back: " + o.Reason
	return Change{Kind: Reopened, Incident: i}
}

// seenAgain keeps the state: a drift that is being healed or that a person has
// stays there.
func seenAgain(i Incident, o Observation) Change {
	if !slices.Contains(i.Sources, o.Source) {
		i.Sources = append(slices.Clone(i.Sources), o.Source)
		slices.Sort(i.Sources)
	}
	i.take(o)
	return Change{Kind: Updated, Incident: i}
}

func passed(i Incident, o Observation) Change {
	left := slices.DeleteFunc(slices.Clone(i.Sources), func(s string) bool { return s == o.Source })
	if len(left) == len(i.Sources) {
		return Change{Kind: None} // this source never saw the drift, so it cannot clear it
	}
	i.Sources, i.ChangedMs = left, o.AtMs
	if len(left) > 0 {
		i.Summary = "Cleared by " + o.Source + ", still seen by " + strings.Join(left, ", ")
		return Change{Kind: Updated, Incident: i}
	}
	// Cleared, not success: that must be stated by who did it.
	i.State, i.EndedMs, i.Outcome = Resolved, o.AtMs, "cleared"
	i.Summary = "The check passes again"
	return Change{Kind: WasResolved, Incident: i}
}

// superseded takes a source away that stopped looking because a better one, by,
// judges the check on that host. That is no pass: nobody saw that it was mended.
func superseded(i Incident, source, by string, atMs int64) Change {
	left := slices.DeleteFunc(slices.Clone(i.Sources), func(s string) bool { return s == source })
	if len(left) == len(i.Sources) {
		return Change{Kind: None}
	}
	i.Sources, i.ChangedMs = left, atMs
	if len(left) > 0 {
		i.Summary = "No longer looked at by " + source + ", still seen by " + strings.Join(left, ", ")
		return Change{Kind: Updated, Incident: i}
	}
	i.State, i.EndedMs, i.Outcome = Resolved, atMs, OutcomeSuperseded
	i.Summary = "No longer looked at by " + source + ": the " + by + " judges this check on this computer now"
	return Change{Kind: WasSuperseded, Incident: i}
}

// take copies what the newest observation says.
func (i *Incident) take(o Observation) {
	i.Hostname, i.OS, i.Severity, i.Reason, i.Facts, i.ChangedMs = o.Hostname, o.OS, o.Severity, o.Reason, o.Facts, o.AtMs
	if o.AgentID != "" {
		i.AgentID = o.AgentID
	}
}

// pattern names the same trouble on any host: the host's name is left out, or
// patterns would never add up.
func pattern(o Observation) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{"pattern v1", string(o.CheckID), o.DriftType}, "\x00")))
	return hex.EncodeToString(sum[:8])
}
