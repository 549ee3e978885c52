package drift_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

func state(verdicts ...*compliancev1.Verdict) *compliancev1.Record {
	r := record(nil)
	r.Body = &compliancev1.Record_State{State: &compliancev1.StateReport{Verdicts: verdicts, Cause: "new_store"}}
	return r
}

func named(id string) *compliancev1.Verdict {
	return verdict(func(v *compliancev1.Verdict) { v.CheckId = id })
}

func TestAStateReportKeepsEveryVerdict(t *testing.T) {
	e, err := drift.FromRecord(state(named("disk_space"), named("time_sync")), queue, origin)
	if err != nil {
		t.Fatal(err)
	}
	if e.Kind != drift.KindState || e.State.Cause != "new_store" {
		t.Errorf("event = %s, cause %s; want a state of a new store", e.Kind, e.State.Cause)
	}
	v := e.Verdicts()
	if len(v) != 2 || v[0].Check != check.DiskSpace || v[1].Check != check.TimeSync {
		t.Errorf("Verdicts() = %v; want both in order", v)
	}
}

func TestAStateReportIsRefusedAsAWhole(t *testing.T) {
	many := make([]*compliancev1.Verdict, drift.MaxVerdicts+1)
	for name, test := range map[string]struct {
		r    *compliancev1.Record
		is   error
		says string
	}{
		"one check twice":              {state(named("disk_space"), named("disk_space")), drift.ErrMalformed, "two verdicts on disk_space"},
		"one check twice by its alias": {state(named("screen_lock"), named("screenlock")), drift.ErrMalformed, "two verdicts on screen_lock"},
		"too many verdicts":            {state(many...), drift.ErrTooLarge, "257 verdicts"},
		"one bad verdict":              {state(named("disk_space"), named("")), drift.ErrMalformed, "check id is empty"},
		"an absent verdict":            {state(nil), drift.ErrMalformed, "check id is empty"},
	} {
		if _, err := drift.FromRecord(test.r, queue, origin); !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: FromRecord = %v; want %v saying %q", name, err, test.is, test.says)
		}
	}
	if e, err := drift.FromRecord(state(), queue, origin); err != nil || len(e.State.Verdicts) != 0 {
		t.Errorf("an empty report: FromRecord = %v; want it accepted", err)
	}
}

func gap(from, to, count uint64, reason string) *compliancev1.Record {
	r := record(nil)
	r.Body = &compliancev1.Record_Gap{Gap: &compliancev1.Gap{From: from, To: to, Count: count, Reason: reason}}
	return r
}

func TestAGapNamesItsSequences(t *testing.T) {
	e, err := drift.FromRecord(gap(3, 7, 5, "overflow"), queue, origin)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&drift.Gap{From: 3, To: 7, Count: 5, Reason: "overflow"}, e.Gap); diff != "" || e.Kind != drift.KindGap {
		t.Errorf("gap (-want +got):\n%s", diff)
	}
	for name, r := range map[string]*compliancev1.Record{
		"from 0":                      gap(0, 7, 8, "overflow"),
		"the wrong way round":         gap(8, 7, 1, "overflow"),
		"an end that is not its own":  gap(3, 6, 4, "overflow"),
		"an end beyond its own":       gap(3, 8, 6, "overflow"),
		"no records lost":             gap(3, 7, 0, "overflow"),
		"more records than sequences": gap(3, 7, 6, "overflow"),
		"a count that would wrap":     gap(3, 7, 1<<64-1, "overflow"),
		"no reason":                   gap(3, 7, 5, ""),
		"a reason with a line break":  gap(3, 7, 5, "over\nflow"),
	} {
		if e, err := drift.FromRecord(r, queue, origin); !errors.Is(err, drift.ErrMalformed) {
			t.Errorf("%s: FromRecord = %+v, %v; want %v", name, e.Gap, err, drift.ErrMalformed)
		}
	}
}

func result(change ...func(*compliancev1.CommandResult)) *compliancev1.Record {
	m := &compliancev1.CommandResult{
		CommandId: bytes.Repeat([]byte{0xcc}, 16), RunbookId: "linux.sysctl.harden", CheckId: "sysctl_hardening",
		IncidentId: "i_one", Outcome: compliancev1.Outcome_OUTCOME_HEALED, Message: "Done.", Resumed: true,
		Phases: []*compliancev1.PhaseResult{
			{Phase: "detect", Ok: true, Detail: "fails", StartedMs: now.UnixMilli(), DurationMs: 12},
		},
		Before: verdict(), After: verdict(func(v *compliancev1.Verdict) { v.Status = compliancev1.Status_STATUS_PASS }),
	}
	for _, f := range change {
		f(m)
	}
	r := record(nil)
	r.Body = &compliancev1.Record_Result{Result: m}
	return r
}

func TestAResultKeepsItsPhases(t *testing.T) {
	e, err := drift.FromRecord(result(), queue, origin)
	if err != nil {
		t.Fatal(err)
	}
	got := *e.Result
	if got.Before.Status != check.Fail || got.After.Status != check.Pass {
		t.Errorf("before, after = %s, %s; want fail, pass", got.Before.Status, got.After.Status)
	}
	if v := e.Verdicts(); len(v) != 1 || v[0].Status != check.Pass {
		t.Errorf("Verdicts() = %v; want the one after", v)
	}
	got.Before, got.After = nil, nil
	want := drift.Result{
		CommandID: strings.Repeat("cc", 16), RunbookID: "linux.sysctl.harden", Check: check.SysctlHardening,
		IncidentID: "i_one", Outcome: drift.Healed, Message: "Done.", Resumed: true,
		Phases: []drift.Phase{{Name: "detect", OK: true, Detail: "fails", StartedAt: now, Duration: 12 * time.Millisecond}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestOnlyAStatedSuccessIsOne(t *testing.T) {
	for sent, want := range map[compliancev1.Outcome]drift.Outcome{
		compliancev1.Outcome_OUTCOME_UNSPECIFIED: drift.Failed,
		compliancev1.Outcome_OUTCOME_HEALED:      drift.Healed,
		compliancev1.Outcome_OUTCOME_NOT_NEEDED:  drift.NotNeeded,
		compliancev1.Outcome_OUTCOME_ROLLED_BACK: drift.RolledBack,
		compliancev1.Outcome_OUTCOME_FAILED:      drift.Failed,
		compliancev1.Outcome_OUTCOME_REFUSED:     drift.Refused,
		compliancev1.Outcome_OUTCOME_DRY_RUN:     drift.DryRun,
		99:                                       drift.Failed, -1: drift.Failed, 257: drift.Failed,
	} {
		e, err := drift.FromRecord(result(func(m *compliancev1.CommandResult) { m.Outcome = sent }), queue, origin)
		if err != nil || e.Result.Outcome != want {
			t.Errorf("outcome %d = %+v, %v; want %s", sent, e.Result, err, want)
		}
	}
}

func TestABadResultIsRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*compliancev1.CommandResult)
		is     error
		says   string
	}{
		{"no command id", func(m *compliancev1.CommandResult) { m.CommandId = nil }, drift.ErrMalformed, "command id has 0 bytes"},
		{"an oversized message", func(m *compliancev1.CommandResult) { m.Message = strings.Repeat("x", 4097) }, drift.ErrTooLarge, "message"},
		{"a runbook id with a slash", func(m *compliancev1.CommandResult) { m.RunbookId = "a/b" }, drift.ErrMalformed, "runbook id"},
		{"an incident id with a blank", func(m *compliancev1.CommandResult) { m.IncidentId = "i one" }, drift.ErrMalformed, "incident id"},
		{"a check id with a quote", func(m *compliancev1.CommandResult) { m.CheckId = `a"b` }, drift.ErrMalformed, "check id"},
		{"too many phases", func(m *compliancev1.CommandResult) { m.Phases = make([]*compliancev1.PhaseResult, 33) }, drift.ErrTooLarge, "33 phases"},
		{"a nameless phase", func(m *compliancev1.CommandResult) { m.Phases[0].Phase = "" }, drift.ErrMalformed, "phase is empty"},
		{"an oversized detail", func(m *compliancev1.CommandResult) { m.Phases[0].Detail = strings.Repeat("x", 4097) }, drift.ErrTooLarge, "detail of detect"},
		{"a bad verdict before", func(m *compliancev1.CommandResult) { m.Before.Status = 0 }, drift.ErrMalformed, "before: "},
		{"a bad verdict after", func(m *compliancev1.CommandResult) { m.After.Status = 0 }, drift.ErrMalformed, "after: "},
	} {
		_, err := drift.FromRecord(result(test.change), queue, origin)
		if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: FromRecord = %v; want %v saying %q", test.name, err, test.is, test.says)
		}
	}
}

func TestAPhaseTakesBetweenNothingAndADay(t *testing.T) {
	for ms, want := range map[int64]time.Duration{
		-5: 0, 0: 0, 1500: 1500 * time.Millisecond, 1<<63 - 1: 24 * time.Hour, -1 << 63: 0,
	} {
		e, err := drift.FromRecord(result(func(m *compliancev1.CommandResult) { m.Phases[0].DurationMs = ms }), queue, origin)
		if err != nil || e.Result.Phases[0].Duration != want {
			t.Errorf("%d ms = %v, %v; want %v", ms, e.Result.Phases[0].Duration, err, want)
		}
	}
}
