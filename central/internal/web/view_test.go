package web

import (
	"testing"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/bundle"
)

func TestAGapIsOfReportsOrOfScans(t *testing.T) {
	for name, tt := range map[string]struct {
		gap  bundle.Gap
		want fact
	}{
		"reports have numbers":   {bundle.Gap{From: 3, To: 9, Count: 7, Reason: "queue full"}, fact{"Lost", "7 reports, numbers 3 to 9: queue full"}},
		"missed scans have none": {bundle.Gap{Count: 4, Reason: "the scan before still ran (4)"}, fact{"Missed", "4 scans or rounds: the scan before still ran (4)"}},
	} {
		if got := gapFact(&tt.gap); got != tt.want {
			t.Errorf("%s: %v; want %v", name, got, tt.want)
		}
	}
}

func TestTheBadgeOfWhatChangedNothingIsNoFailedRepair(t *testing.T) {
	order := "maria at Central (order 9) ordered "
	for _, tt := range []struct {
		kind, outcome, summary, want string
	}{
		{bundle.KindCommand, bundle.OutcomeNone, order + "a dry run of runbook windows.firewall.enable on WS01.", "Dry run ordered"},
		{bundle.KindCommand, bundle.OutcomeNone, order + "runbook windows.firewall.enable on WS01. Why: he ordered a dry run of it", "Repair ordered"},
		{bundle.KindResult, bundle.OutcomeNone, "windows.firewall.enable: dry_run. It would change service:MpsSvc.", "Dry run"},
		{bundle.KindResult, bundle.OutcomeNone, "windows.firewall.enable: not_needed. The check passes already.", "Nothing to do"},
		{bundle.KindResult, bundle.OutcomeFailed, "windows.firewall.enable: failed. Nothing was changed: timed out", "Not done"},
		{bundle.KindResult, bundle.OutcomeFailed, "windows.firewall.enable: failed. The check fails still.", "Repair failed"},
		{bundle.KindResult, bundle.OutcomeRejected, "windows.patches.review: refused. Only a person can mend this: install them", "For a person"},
		{bundle.KindResult, bundle.OutcomeRejected, "windows.firewall.enable: refused. policy_conflict: gpo", "Refused"},
		{bundle.KindResult, bundle.OutcomeSuccess, "windows.firewall.enable: healed. It is on.", "Repaired"},
		{bundle.KindObservation, bundle.OutcomeNone, "SiteWorkstationSummary: 2 of 9 workstations pass.", "Summary"},
		{bundle.KindObservation, bundle.OutcomeNone, "The firewall is on.", "Check result"},
	} {
		if got := kindWord(&centralv1.Evidence{Kind: tt.kind, Outcome: tt.outcome, Summary: tt.summary}); got.Text != tt.want {
			t.Errorf("%s %q = %q; want %q", tt.kind, tt.summary, got.Text, tt.want)
		}
	}
	if got := eventTitle(&centralv1.Evidence{Kind: bundle.KindObservation, Summary: "SiteNetworkSummary: addresses asked 3"}); got != "The network" {
		t.Errorf("a summary of the network is titled %q", got)
	}
}

func TestCountsOfAReportAreShown(t *testing.T) {
	b := bundle.Bundle{PostState: map[string]string{"passing": "2", "failing": "7"}}
	if got := countsOf(b); len(got) != 2 || got[0] != (fact{"failing", "7"}) || got[1] != (fact{"passing", "2"}) {
		t.Errorf("countsOf = %v; want both, by name", got)
	}
	b.Verdict = &bundle.Verdict{CheckID: "firewall"}
	if got := countsOf(b); got != nil {
		t.Errorf("of a verdict countsOf = %v; want its facts to be shown instead", got)
	}
}

func TestWhatNeverAnsweredIsNotZeroPercent(t *testing.T) {
	for want, score := range map[string]*centralv1.Score{
		"No data": {Percent: -1}, "Not known": {Unknown: 5}, "0 %": {Fail: 1}, "50 %": {Percent: 50, Pass: 1, Fail: 1},
	} {
		if got := percent(score); got != want {
			t.Errorf("percent(%v) = %q; want %q", score, got, want)
		}
	}
}

func TestAdviceIsGivenOnce(t *testing.T) {
	for want, i := range map[string]*centralv1.Incident{
		"Install the pending security updates.": {CheckId: "patches", State: "escalated", Summary: "No rule mends this by itself"},
		"":                                      {CheckId: "patches", State: "escalated", Summary: "No rule mends this by itself. Install the pending security updates."},
	} {
		if got := adviceBeside(i); got != want {
			t.Errorf("beside %q stands %q; want %q", i.GetSummary(), got, want)
		}
	}
	if got := adviceBeside(&centralv1.Incident{CheckId: "patches", State: "healing"}); got != "" {
		t.Errorf("while it is repaired a person is told %q", got)
	}
}

func TestAComputerThatAnswersNoCheckIsNotGreen(t *testing.T) {
	for want, h := range map[string]*centralv1.Host{
		"Answers no check": {State: "seen", Score: &centralv1.Score{Unknown: 5}},
		"Seen recently":    {State: "seen", Score: &centralv1.Score{Pass: 1, Unknown: 4}},
		"Connected":        {State: "connected", Score: &centralv1.Score{Percent: -1}},
		"Never seen":       {State: "never", Score: &centralv1.Score{Unknown: 5}},
	} {
		if got := hostWord(h); got.Text != want {
			t.Errorf("%v is %q; want %q", h, got.Text, want)
		}
	}
}
