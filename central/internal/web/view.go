package web

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/bundle"
)

// stateOf is the badge of a practice or a site.
func stateOf(s *centralv1.Score) word {
	switch {
	case s.GetPercent() < 0:
		return word{"No data yet", toneDim}
	case s.GetFail() > 0:
		return word{plural(s.GetFail(), "check needs attention", "checks need attention"), toneBad}
	case s.GetUnknown() > 0:
		return word{"Some not known", toneWarn}
	}
	return word{"OK", toneOK}
}

// applianceOf is the badge of a site's worst appliance.
func applianceOf(s *centralv1.Site) word {
	worst, found := "", -1
	for _, a := range s.GetAppliances() {
		for n, state := range []string{"online", "stale", "offline", "never"} {
			if a.GetState() == state && n > found {
				worst, found = state, n
			}
		}
	}
	if worst == "" {
		return word{"None", toneDim}
	}
	return wordFor(applianceWords, worst)
}

func number(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// incidentLine says how many of the open ones wait for a person.
func incidentLine(list []*centralv1.Incident) string {
	var waiting, busy uint32
	for _, i := range list {
		switch i.GetState() {
		case "escalated":
			waiting++
		case "healing":
			busy++
		}
	}
	switch {
	case len(list) == 0:
		return "Nothing is open"
	case waiting > 0:
		return plural(waiting, "waits for a person", "wait for a person")
	case busy > 0:
		return plural(busy, "is being repaired", "are being repaired")
	}
	return "Being looked at"
}

// hostLine counts what the page shows; with more pages it does not pretend to
// know the rest.
func hostLine(v siteView) string {
	if v.Next != "" {
		return "listed below"
	}
	connected := uint32(0)
	for _, h := range v.Hosts {
		if h.GetState() == "connected" || h.GetState() == "seen" {
			connected++
		}
	}
	return fmt.Sprintf("%d connected or seen in the last hour", connected)
}

func witnessed(s *centralv1.Site) (n uint64) {
	for _, a := range s.GetAppliances() {
		n += a.GetWitnessedSize()
	}
	return n
}

func hostName(h *centralv1.Host) string {
	if h.GetHostname() != "" {
		return h.GetHostname()
	}
	return h.GetHostId()
}

// namesOf names each computer so that two of one name can be told apart.
func namesOf(hosts []*centralv1.Host) map[string]string {
	times := map[string]int{}
	for _, h := range hosts {
		times[hostName(h)]++
	}
	names := make(map[string]string, len(hosts))
	for _, h := range hosts {
		names[h.GetHostId()] = hostName(h)
		if id := h.GetHostId(); times[hostName(h)] > 1 && len(id) > 4 {
			names[id] += " (…" + id[len(id)-4:] + ")"
		}
	}
	return names
}

// onHost is the computer of an incident, by the names of its page.
func onHost(i *centralv1.Incident, names map[string]string) string {
	if name := names[i.GetHostId()]; name != "" {
		return name
	}
	return i.GetHostname()
}

// said is a summary without what the badge beside it says.
func said(summary string) string { return strings.TrimPrefix(summary, "Needs a person: ") }

// eventTitle is what a piece of evidence is about.
func eventTitle(e *centralv1.Evidence) string {
	switch {
	case e.GetCheckId() != "":
		return checkTitle(e.GetCheckId())
	case e.GetKind() == bundle.KindState:
		return "All checks of a computer"
	case e.GetKind() == bundle.KindObservation && subject(e.GetSummary()) != "":
		return subject(e.GetSummary())
	}
	return wordFor(kindWords, e.GetKind()).Text
}

// eventLine is eventTitle with the computer's name, if it is known.
func eventLine(e *centralv1.Evidence, names map[string]string) string {
	if name := names[e.GetHostId()]; name != "" {
		return eventTitle(e) + " on " + name
	}
	return eventTitle(e)
}

func lostLine(n uint64) string {
	return fmt.Sprintf("%d reports were lost before they arrived", n)
}

// citation names the rule a check supports; it never proves compliance.
func citation(c *centralv1.CheckState) string {
	if c.GetCitation() == "" {
		return ""
	}
	return "supports HIPAA " + c.GetCitation()
}

func sourceWord(source string) string {
	switch source {
	case "agent":
		return "by the agent"
	case "sensor":
		return "by a sensor"
	case "winrm":
		return "over WinRM, without an agent"
	case "ssh":
		return "over SSH, without an agent"
	case "network":
		return "from the network"
	case "appliance":
		return "by the appliance itself"
	}
	return source
}

// fact is one line of a list.
type fact struct{ Name, Value string }

// factsOf is a bundle in plain words, without what is empty.
func factsOf(v evidenceView) []fact {
	b := v.Bundle
	all := []fact{
		{"Computer", b.Hostname},
		{"Reported by", sourceWord(b.Source)},
		{"Result", outcomeText(b.Outcome)},
		{"Severity", severityWords[b.Severity]},
		{"Repair", b.RunbookID},
	}
	for n, c := range b.HIPAAControls {
		if n == 0 {
			all = append(all, fact{"Supports", "HIPAA " + c})
		}
	}
	if b.Gap != nil {
		all = append(all, gapFact(b.Gap))
	}
	shown := all[:0]
	for _, f := range all {
		if f.Value != "" {
			shown = append(shown, f)
		}
	}
	return shown
}

// gapFact is what never came. Numbers are those of an agent's records; scans that
// the appliance missed have none.
func gapFact(g *bundle.Gap) fact {
	if g.To == 0 {
		return fact{"Missed", fmt.Sprintf("%d scans or rounds: %s", g.Count, g.Reason)}
	}
	return fact{"Lost", fmt.Sprintf("%d reports, numbers %d to %d: %s", g.Count, g.From, g.To, g.Reason)}
}

func outcomeText(outcome string) string {
	if outcome == bundle.OutcomeNone {
		return ""
	}
	return wordFor(outcomeWords, outcome).Text
}

func verdictsOf(b bundle.Bundle) []bundle.Verdict {
	if b.Verdict == nil {
		return b.Verdicts
	}
	return append([]bundle.Verdict{*b.Verdict}, b.Verdicts...)
}

// countsOf are what a report on many computers counted; of a verdict the facts are
// shown instead.
func countsOf(b bundle.Bundle) []fact {
	if len(verdictsOf(b)) > 0 {
		return nil
	}
	var all []fact
	for _, name := range slices.Sorted(maps.Keys(b.PostState)) {
		all = append(all, fact{name, b.PostState[name]})
	}
	return all
}

func evidencePath(v evidenceView) string {
	return "/sites/" + v.Site.GetSiteId() + "/evidence/" + v.Evidence.GetBundleId()
}
