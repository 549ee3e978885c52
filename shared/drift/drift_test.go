package drift_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

var (
	now    = time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	queue  = bytes.Repeat([]byte{0xaa}, 16)
	origin = drift.Origin{
		Site: "s_one", HostID: "h_one", AgentID: "ag_one", Source: drift.SourceAgent, ReceivedAt: now,
	}
	key = drift.Key{
		AgentID: "ag_one", QueueID: strings.Repeat("aa", 16), Seq: 7, RecordID: strings.Repeat("bb", 16),
	}
)

// verdict is a failing verdict; change makes it another.
func verdict(change ...func(*compliancev1.Verdict)) *compliancev1.Verdict {
	v := &compliancev1.Verdict{
		CheckId: "sysctl_hardening", Status: compliancev1.Status_STATUS_FAIL, Severity: "medium",
		Actual: "kernel.kptr_restrict=0", Expected: "kernel.kptr_restrict>=1", Reason: "Too open.",
		Facts:      []*compliancev1.Fact{{Name: "kernel.kptr_restrict", Value: "0"}},
		ObservedMs: now.UnixMilli(), Cause: "change",
	}
	for _, f := range change {
		f(v)
	}
	return v
}

func record(v *compliancev1.Verdict) *compliancev1.Record {
	return &compliancev1.Record{
		Seq: 7, RecordId: bytes.Repeat([]byte{0xbb}, 16), CreatedMs: now.UnixMilli(),
		Body: &compliancev1.Record_Verdict{Verdict: v},
	}
}

func TestAVerdictBecomesAnEvent(t *testing.T) {
	got, err := drift.FromRecord(record(verdict()), queue, origin)
	if err != nil {
		t.Fatal(err)
	}
	want := drift.Event{
		Site: "s_one", HostID: "h_one", Source: drift.SourceAgent, Key: key, Kind: drift.KindVerdict,
		Verdict: &drift.Verdict{
			Verdict: check.Verdict{
				Check: check.SysctlHardening, Status: check.Fail, Severity: "medium",
				Actual: "kernel.kptr_restrict=0", Expected: "kernel.kptr_restrict>=1", Reason: "Too open.",
				Facts: check.Facts{{Name: "kernel.kptr_restrict", Value: "0"}},
			},
			DriftType: "kernel_hardening_missing", Known: true, Cause: "change", ObservedAt: now,
		},
		AgentTime: now, ReceivedTime: now,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("FromRecord (-want +got):\n%s", diff)
	}
	if v := got.Verdicts(); len(v) != 1 || v[0].Check != check.SysctlHardening {
		t.Errorf("Verdicts() = %v; want the one", v)
	}
}

func TestAnAliasBecomesTheCheck(t *testing.T) {
	e, err := drift.FromRecord(record(verdict(func(v *compliancev1.Verdict) { v.CheckId = "screenlock" })), queue, origin)
	if err != nil || e.Verdict.Check != "screen_lock" || e.Verdict.DriftType != "screen_lock_missing" {
		t.Errorf("FromRecord(screenlock) = %+v, %v; want screen_lock", e.Verdict, err)
	}
}

func TestAnUnknownCheckIsKeptAndMarked(t *testing.T) {
	e, err := drift.FromRecord(record(verdict(func(v *compliancev1.Verdict) {
		v.CheckId, v.Severity = "quantum_lock", ""
	})), queue, origin)
	if err != nil {
		t.Fatal(err)
	}
	if v := e.Verdict; v.Known || v.DriftType != "" || v.Check != "quantum_lock" || v.Severity != "medium" {
		t.Errorf("verdict = %+v; want it unknown, of medium severity", v)
	}
}

func TestOnlyAFailureHasASeverity(t *testing.T) {
	for status, want := range map[compliancev1.Status]string{
		compliancev1.Status_STATUS_PASS: "", compliancev1.Status_STATUS_UNKNOWN: "",
		compliancev1.Status_STATUS_NOT_APPLICABLE: "", compliancev1.Status_STATUS_FAIL: "critical",
	} {
		e, err := drift.FromRecord(record(verdict(func(v *compliancev1.Verdict) {
			v.Status, v.Severity = status, "critical"
		})), queue, origin)
		if err != nil || e.Verdict.Severity != want {
			t.Errorf("%s: severity = %q, %v; want %q", status, e.Verdict.Severity, err, want)
		}
	}
	e, err := drift.FromRecord(record(verdict(func(v *compliancev1.Verdict) {
		v.CheckId, v.Severity = "linux_firewall", ""
	})), queue, origin)
	if err != nil || e.Verdict.Severity != "critical" {
		t.Errorf("unstated severity = %q, %v; want the catalogue's", e.Verdict.Severity, err)
	}
}

// refusals are what FromRecord must answer with an error that names the fault.
var refusals = []struct {
	name   string
	change func(*compliancev1.Verdict)
	is     error
	says   string
}{
	{"no check id", func(v *compliancev1.Verdict) { v.CheckId = "" }, drift.ErrMalformed, "check id is empty"},
	{"a path as check id", func(v *compliancev1.Verdict) { v.CheckId = "../../etc" }, drift.ErrMalformed, "check id"},
	{"a line break in the check id", func(v *compliancev1.Verdict) { v.CheckId = "a\nb" }, drift.ErrMalformed, "check id"},
	{"an oversized check id", func(v *compliancev1.Verdict) { v.CheckId = strings.Repeat("a", 65) }, drift.ErrTooLarge, "check id has 65 bytes, at most 64"},
	{"no status", func(v *compliancev1.Verdict) { v.Status = 0 }, drift.ErrMalformed, "status 0"},
	{"a status from the future", func(v *compliancev1.Verdict) { v.Status = 9 }, drift.ErrMalformed, "status 9"},
	{"a negative status", func(v *compliancev1.Verdict) { v.Status = -1 }, drift.ErrMalformed, "status -1"},
	{"a status that is right modulo 256", func(v *compliancev1.Verdict) { v.Status = 257 }, drift.ErrMalformed, "status 257"},
	{"an unknown severity", func(v *compliancev1.Verdict) { v.Severity = "apocalyptic" }, drift.ErrMalformed, `severity "apocalyptic"`},
	{"an oversized actual value", func(v *compliancev1.Verdict) { v.Actual = strings.Repeat("x", 4097) }, drift.ErrTooLarge, "actual has 4097 bytes, at most 4096"},
	{"an oversized expected value", func(v *compliancev1.Verdict) { v.Expected = strings.Repeat("x", 4097) }, drift.ErrTooLarge, "expected"},
	{"an oversized reason", func(v *compliancev1.Verdict) { v.Reason = strings.Repeat("x", 4097) }, drift.ErrTooLarge, "reason"},
	{"a reason that is not UTF-8", func(v *compliancev1.Verdict) { v.Reason = "\xff" }, drift.ErrMalformed, "not UTF-8"},
	{"an oversized cause", func(v *compliancev1.Verdict) { v.Cause = strings.Repeat("x", 65) }, drift.ErrTooLarge, "cause"},
	{"too many facts", func(v *compliancev1.Verdict) { v.Facts = make([]*compliancev1.Fact, 65) }, drift.ErrTooLarge, "65 facts, at most 64"},
	{"a nameless fact", func(v *compliancev1.Verdict) { v.Facts[0].Name = "" }, drift.ErrMalformed, "fact name is empty"},
	{"an absent fact", func(v *compliancev1.Verdict) { v.Facts[0] = nil }, drift.ErrMalformed, "fact name is empty"},
	{"an oversized fact", func(v *compliancev1.Verdict) { v.Facts[0].Value = strings.Repeat("x", 4097) }, drift.ErrTooLarge, "fact kernel.kptr_restrict"},
}

func TestMalformedAndOversizedVerdictsAreRefusedAndStoodFor(t *testing.T) {
	for _, test := range refusals {
		t.Run(test.name, func(t *testing.T) {
			r := record(verdict(test.change))
			e, err := drift.FromRecord(r, queue, origin)
			if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("FromRecord = %v; want %v saying %q", err, test.is, test.says)
			}
			if !strings.HasPrefix(err.Error(), "reading record 7: ") {
				t.Errorf("error %q does not name the record", err)
			}
			if diff := cmp.Diff(drift.Event{}, e); diff != "" {
				t.Errorf("a refused record gave an event:\n%s", diff)
			}
			stand, err := drift.Refuse(r, queue, origin, err)
			if err != nil || stand.Kind != drift.KindRefused || stand.Key != key || !strings.Contains(stand.Refused, test.says) {
				t.Errorf("Refuse = %+v, %v; want an event with the key and the reason", stand, err)
			}
			if stand.Verdicts() != nil {
				t.Errorf("a refused record tells verdicts: %v", stand.Verdicts())
			}
		})
	}
}

func TestARecordWithoutAKeyCannotBeStoodFor(t *testing.T) {
	for name, change := range map[string]func(r *compliancev1.Record){
		"sequence 0":        func(r *compliancev1.Record) { r.Seq = 0 },
		"no record id":      func(r *compliancev1.Record) { r.RecordId = nil },
		"a short record id": func(r *compliancev1.Record) { r.RecordId = []byte{1} },
		"a long record id":  func(r *compliancev1.Record) { r.RecordId = make([]byte, 17) },
	} {
		t.Run(name, func(t *testing.T) {
			r := record(verdict())
			change(r)
			if _, err := drift.FromRecord(r, queue, origin); !errors.Is(err, drift.ErrMalformed) {
				t.Errorf("FromRecord = %v; want %v", err, drift.ErrMalformed)
			}
			if _, err := drift.Refuse(r, queue, origin, errors.New("bad")); !errors.Is(err, drift.ErrMalformed) {
				t.Errorf("Refuse = %v; want %v", err, drift.ErrMalformed)
			}
		})
	}
	if _, err := drift.FromRecord(record(verdict()), queue[:15], origin); !errors.Is(err, drift.ErrMalformed) {
		t.Errorf("FromRecord(short queue id) = %v; want %v", err, drift.ErrMalformed)
	}
	if _, err := drift.FromRecord(nil, queue, origin); !errors.Is(err, drift.ErrMalformed) {
		t.Errorf("FromRecord(nil) = %v; want %v", err, drift.ErrMalformed)
	}
}

func TestUnknownFieldsAreIgnored(t *testing.T) {
	b, err := proto.Marshal(record(verdict()))
	if err != nil {
		t.Fatal(err)
	}
	want, err := drift.DecodeRecord(b, queue, origin)
	if err != nil {
		t.Fatal(err)
	}
	b = protowire.AppendTag(b, 500, protowire.BytesType)
	b = protowire.AppendBytes(b, []byte("from a newer agent"))
	got, err := drift.DecodeRecord(b, queue, origin)
	if err != nil {
		t.Fatalf("DecodeRecord(with field 500) = %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("an unknown field changed the event:\n%s", diff)
	}
}

func TestABodyOfAnUnknownKindIsRefused(t *testing.T) {
	r := record(nil)
	r.Body = nil
	_, err := drift.FromRecord(r, queue, origin)
	if !errors.Is(err, drift.ErrMalformed) || !strings.Contains(err.Error(), "no body that this version knows") {
		t.Errorf("FromRecord = %v; want it refused", err)
	}
}

func TestMalformedAndOversizedBytesAreRefused(t *testing.T) {
	_, err := drift.DecodeRecord([]byte{0xff, 0xff, 0xff}, queue, origin)
	if !errors.Is(err, drift.ErrMalformed) {
		t.Errorf("DecodeRecord(noise) = %v; want %v", err, drift.ErrMalformed)
	}
	_, err = drift.DecodeRecord(make([]byte, drift.MaxRecord+1), queue, origin)
	if !errors.Is(err, drift.ErrTooLarge) || !strings.Contains(err.Error(), "262145 bytes, at most 262144") {
		t.Errorf("DecodeRecord(too long) = %v; want %v", err, drift.ErrTooLarge)
	}
}

func TestAncientAndFutureTimesAreKeptAndMarked(t *testing.T) {
	for _, test := range []struct {
		name    string
		ms      int64
		want    time.Time
		suspect bool
	}{
		{"now", now.UnixMilli(), now, false},
		{"a queue from last year", now.AddDate(-1, 0, 0).UnixMilli(), now.AddDate(-1, 0, 0), false},
		{"five minutes ahead", now.Add(5 * time.Minute).UnixMilli(), now.Add(5 * time.Minute), false},
		{"more than five minutes ahead", now.Add(5*time.Minute + time.Millisecond).UnixMilli(), now.Add(5*time.Minute + time.Millisecond), true},
		{"the first moment of 2020", 1577836800000, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{"the last moment of 2019", 1577836799999, time.Date(2019, 12, 31, 23, 59, 59, 999e6, time.UTC), true},
		{"the epoch, as of a dead battery", 0, time.Unix(0, 0).UTC(), true},
		{"before the epoch", -1, time.Unix(0, -1e6).UTC(), true},
		{"a century ahead", 4922467200000, time.Date(2125, 12, 27, 0, 0, 0, 0, time.UTC), true},
		{"the largest number", math.MaxInt64, time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC), true},
		{"the smallest number", math.MinInt64, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := record(verdict(func(v *compliancev1.Verdict) { v.ObservedMs = test.ms }))
			r.CreatedMs = test.ms
			e, err := drift.FromRecord(r, queue, origin)
			if err != nil {
				t.Fatalf("FromRecord = %v; a clock is never a reason to refuse", err)
			}
			if !e.AgentTime.Equal(test.want) || !e.Verdict.ObservedAt.Equal(test.want) {
				t.Errorf("times = %s, %s; want %s", e.AgentTime, e.Verdict.ObservedAt, test.want)
			}
			if e.ClockSuspect != test.suspect {
				t.Errorf("ClockSuspect = %v; want %v", e.ClockSuspect, test.suspect)
			}
			if _, err := json.Marshal(e.AgentTime); err != nil {
				t.Errorf("evidence could not write the time: %v", err)
			}
		})
	}
}

func TestOneWrongTimeInsideMarksTheWholeEvent(t *testing.T) {
	e, err := drift.FromRecord(record(verdict(func(v *compliancev1.Verdict) { v.ObservedMs = 1 })), queue, origin)
	if err != nil || !e.ClockSuspect {
		t.Errorf("ClockSuspect = %v, %v; want it for observed_ms alone", e.ClockSuspect, err)
	}
	suspect := origin
	suspect.ClockSuspect = true
	e, err = drift.FromRecord(record(verdict()), queue, suspect)
	if err != nil || !e.ClockSuspect {
		t.Errorf("ClockSuspect = %v, %v; want what the session said", e.ClockSuspect, err)
	}
}
