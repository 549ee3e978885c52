package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"
)

// tone is how a badge looks; its word says the same.
type tone string

const (
	toneOK   tone = "ok"
	toneBad  tone = "bad"
	toneWarn tone = "warn"
	toneDim  tone = "dim"
	toneBusy tone = "busy"
)

// word is a state in plain words.
type word struct {
	Text string
	Tone tone
}

var statusWords = map[string]word{
	"pass": {"OK", toneOK}, "fail": {"Needs attention", toneBad}, "unknown": {"Not known", toneWarn},
	"not_applicable": {"Does not apply", toneDim}, "no_data": {"No data yet", toneDim},
}

var incidentWords = map[string]word{
	"open": {"Open", toneBad}, "healing": {"Being repaired", toneBusy}, "resolved": {"Fixed", toneOK},
	"escalated": {"Needs a person", toneBad},
}

var hostWords = map[string]word{
	"connected": {"Connected", toneOK}, "seen": {"Seen recently", toneOK}, "stale": {"Not seen lately", toneWarn},
	"never": {"Never seen", toneDim},
}

var applianceWords = map[string]word{
	"online": {"Online", toneOK}, "stale": {"Late", toneWarn}, "offline": {"Offline", toneBad}, "never": {"Not connected yet", toneDim},
}

var kindWords = map[string]word{
	bundle.KindDrift: {"Problem found", toneBad}, bundle.KindResolution: {"Back in order", toneOK},
	bundle.KindState: {"Full report", toneDim}, bundle.KindObservation: {"Check result", toneDim},
	bundle.KindResult: {"Repair result", toneBusy}, bundle.KindCommand: {"Repair ordered", toneBusy},
	bundle.KindEscalation: {"Person asked", toneBad}, bundle.KindGap: {"Reports missing", toneWarn},
	bundle.KindEnrolment: {"Computer joined", toneDim}, bundle.KindTier: {"Permission changed", toneDim},
	bundle.KindEpoch: {"Record began", toneDim}, bundle.KindSuperseded: {"Taken over by the agent", toneDim},
}

var outcomeWords = map[string]word{
	bundle.OutcomeSuccess: {"Repaired", toneOK}, bundle.OutcomeFailed: {"Repair failed", toneBad},
	bundle.OutcomeReverted: {"Undone", toneWarn}, bundle.OutcomeDeferred: {"Postponed", toneDim},
	bundle.OutcomeRejected: {"Refused", toneWarn}, bundle.OutcomeAlert: {"Person asked", toneBad}, "cleared": {"Cleared by itself", toneOK},
	bundle.KindSuperseded: {"Taken over by the agent", toneDim},
}

var severityWords = map[string]string{"critical": "Critical", "high": "High", "medium": "Medium", "low": "Low"}

// wordFor never hides what it does not know.
func wordFor(words map[string]word, state string) word {
	if w, ok := words[state]; ok {
		return w
	}
	return word{state, toneDim}
}

// hostWord is how a computer stands. One that is there and of which no check has
// an answer is no good news.
func hostWord(h *centralv1.Host) word {
	w := wordFor(hostWords, h.GetState())
	if s := h.GetScore(); w.Tone == toneOK && s.GetUnknown() > 0 && s.GetPass()+s.GetFail() == 0 {
		return word{"Answers no check", toneWarn}
	}
	return w
}

// kindWord says what a piece of evidence is; a repair's result by its outcome.
func kindWord(e *centralv1.Evidence) word {
	switch {
	case e.GetKind() == bundle.KindCommand && dryRunOrdered(e.GetSummary()):
		return word{"Dry run ordered", toneDim}
	case e.GetKind() == bundle.KindResult:
		if w, ok := unchanged(e.GetSummary()); ok {
			return w
		}
		return wordFor(outcomeWords, e.GetOutcome())
	case e.GetKind() == bundle.KindObservation && subject(e.GetSummary()) != "":
		return word{"Summary", toneDim}
	}
	return wordFor(kindWords, e.GetKind())
}

// dryRunOrdered reports whether an order was to look only; the evidence has no
// other field that says so. What its author gave as the reason is not looked at.
func dryRunOrdered(summary string) bool {
	summary, _, _ = strings.Cut(summary, " Why: ")
	return strings.Contains(summary, " ordered a dry run of ")
}

// unchanged is the word for a result that changed nothing, which is no repair
// that failed.
func unchanged(summary string) (word, bool) {
	_, result, _ := strings.Cut(summary, ": ")
	for _, w := range []struct {
		begins string
		word   word
	}{
		{"dry_run.", word{"Dry run", toneDim}},
		{"not_needed.", word{"Nothing to do", toneOK}},
		{"failed. Nothing was changed", word{"Not done", toneWarn}},
		{"refused. Only a person can mend this", word{"For a person", toneWarn}},
	} {
		if strings.HasPrefix(result, w.begins) {
			return w.word, true
		}
	}
	return word{}, false
}

// subject is what a report of the appliance is about, if it is about no single
// check.
func subject(summary string) string {
	for _, s := range [][2]string{
		{"SiteWorkstationSummary: ", "All workstations"},
		{"SiteNetworkSummary: ", "The network"},
		{"The domain ", "The domain's computers"},
		{"The computers of the domain ", "The domain's computers"},
	} {
		if strings.HasPrefix(summary, s[0]) {
			return s[1]
		}
	}
	return ""
}

func tierWord(t trustv1.Tier) string {
	switch t {
	case trustv1.Tier_TIER_SELF_HEAL:
		return "Repairs from the approved list"
	case trustv1.Tier_TIER_FULL_REMEDIATION:
		return "All catalogued repairs"
	case trustv1.Tier_TIER_MONITOR_ONLY:
	}
	return "Watches only, changes nothing"
}

// checkTitle is a check in words.
func checkTitle(id string) string {
	if c, ok := catalog.Find(check.ID(id)); ok {
		return c.Title
	}
	return id
}

// advice is what to do about a failed check.
func advice(id string) string {
	if c, ok := catalog.Find(check.ID(id)); ok {
		return c.Advice
	}
	return ""
}

// adviceBeside is what to do about an incident that nothing repairs now, unless its
// summary says so already.
func adviceBeside(i *centralv1.Incident) string {
	text := advice(i.GetCheckId())
	if i.GetState() == "healing" || strings.Contains(i.GetSummary(), text) {
		return ""
	}
	return text
}

// percent is the big number of a score; no data is words.
func percent(s *centralv1.Score) string {
	switch {
	case s.GetPercent() < 0:
		return "No data"
	case s.GetPass()+s.GetFail() == 0:
		return "Not known" // 0 % would read as failing everything (D17)
	}
	return strconv.Itoa(int(s.GetPercent())) + " %"
}

// scoreLine explains a score.
func scoreLine(s *centralv1.Score) string {
	if s.GetPercent() < 0 {
		return "No check has reported yet"
	}
	line := fmt.Sprintf("%d of %d checks OK", s.GetPass(), counted(s))
	if s.GetUnknown() > 0 {
		line += fmt.Sprintf(", %d not known", s.GetUnknown())
	}
	return line
}

func counted(s *centralv1.Score) uint32 { return s.GetPass() + s.GetFail() + s.GetUnknown() }

// scoreTone: only a full score is good, only a failure is bad.
func scoreTone(s *centralv1.Score) tone {
	switch {
	case s.GetFail() > 0:
		return toneBad
	case s.GetPercent() == 100:
		return toneOK
	}
	return toneDim
}

// plural is a count with its noun.
func plural(n uint32, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatUint(uint64(n), 10) + " " + many
}

// stamp is a time as <time> wants it, text as people without JavaScript see it.
func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

func text(ms int64) string { return time.UnixMilli(ms).UTC().Format("2 Jan 2006, 15:04:05 UTC") }

// part is the width of a share in a bar of a hundred.
func part(n uint32, s *centralv1.Score) string {
	if counted(s) == 0 {
		return "0"
	}
	return strconv.FormatFloat(float64(n)*100/float64(counted(s)), 'f', 2, 64)
}

// from is where the share of failures and of unknowns begins.
func from(n uint32, s *centralv1.Score) string { return part(n, s) }
