package intake_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// start runs an appliance whose outbox is left as it is, with one agent.
func start(t *testing.T) (*rehearsal.Appliance, *rehearsal.Agent) {
	t.Helper()
	dir := t.TempDir()
	site, err := rehearsal.NewSite(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := rehearsal.Start(t.Context(), site, dir, rehearsal.Options{NoEvidence: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	m, err := rehearsal.NewAgent("ws01")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Enrol(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	return a, m
}

func accept1(t *testing.T, a *rehearsal.Appliance, m *rehearsal.Agent, records ...*compliancev1.Record) uint64 {
	t.Helper()
	through, err := a.Intake.Accept(t.Context(), intake.Peer{AgentID: m.ID}, &compliancev1.Report{QueueId: m.QueueID, Records: records})
	if err != nil {
		t.Fatal(err)
	}
	return through
}

// kinds are the outbox's bundle kinds in order, without the appliance's own.
func kinds(t *testing.T, a *rehearsal.Appliance) string {
	t.Helper()
	var out string
	err := a.Store.Reader().QueryRowContext(t.Context(), `SELECT coalesce(group_concat(kind, ' '), '') FROM
		(SELECT kind FROM outbox WHERE kind NOT IN ('enrolment', 'escalation', 'command') ORDER BY n)`).Scan(&out)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAVerdictsKindIsWhatItChanged(t *testing.T) {
	a, m := start(t)
	seq := uint64(0)
	for _, status := range []compliancev1.Status{1, 1, 2, 2, 3, 2, 3, 1, 4, 1} {
		seq++
		accept1(t, a, m, rehearsal.Verdict(seq, "disk_space", status))
	}
	want := "observation observation drift observation observation drift observation resolution observation observation"
	if got := kinds(t, a); got != want {
		t.Errorf("kinds = %s\nwant    %s", got, want)
	}
}

func TestAStateReportReplacesWhatWasHeld(t *testing.T) {
	a, m := start(t)
	accept1(t, a, m, rehearsal.Verdict(1, "disk_space", 2), rehearsal.Verdict(2, "time_sync", 1))
	state := &compliancev1.Record{Seq: 3, RecordId: rehearsal.Random(), CreatedMs: 1, Body: &compliancev1.Record_State{State: &compliancev1.StateReport{
		Cause: "requested", Verdicts: []*compliancev1.Verdict{rehearsal.Verdict(0, "disk_space", 1).GetVerdict()},
	}}}
	accept1(t, a, m, state)
	got, err := a.Intake.Digest(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if want := check.Digest([]check.Verdict{{Check: "disk_space", Status: check.Pass, Actual: "value"}}); got != want {
		t.Error("the digest is not that of the state report alone")
	}
	if got := kinds(t, a); got != "drift observation state" {
		t.Errorf("kinds = %s; want one bundle for the whole state", got)
	}
	var open int
	if err := a.Store.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM incident WHERE state <> 'resolved'").Scan(&open); err != nil || open != 0 {
		t.Errorf("%d open incidents, %v; want the state's pass to resolve the drift", open, err)
	}
}

func TestARecordWhoseBundleWouldBeTooLargeIsRefused(t *testing.T) {
	a, m := start(t)
	// 60 facts of 4,000 control characters pass every limit of a record and take
	// six times their size in JSON.
	r := rehearsal.Verdict(1, "disk_space", 1)
	for range 58 {
		r.GetVerdict().Facts = append(r.GetVerdict().Facts, &compliancev1.Fact{Name: "f", Value: strings.Repeat("\x01", 4000)})
	}
	if through := accept1(t, a, m, r, rehearsal.Verdict(2, "disk_space", 1)); through != 2 {
		t.Errorf("through = %d; want 2: the queue goes on", through)
	}
	var draft string
	if err := a.Store.Reader().QueryRowContext(t.Context(), "SELECT draft FROM outbox WHERE kind = 'observation' ORDER BY n LIMIT 1").Scan(&draft); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(draft, `"outcome":"rejected"`) || !strings.Contains(draft, "limit") {
		t.Errorf("draft = %.200s; want a refusal that names the limit", draft)
	}
}

func TestSensorsAreProvedOnChangeAndHourly(t *testing.T) {
	a, m := start(t)
	h, err := a.Hosts.Sensor(t.Context(), "WS9", "X", "1", 1)
	if err != nil {
		t.Fatal(err)
	}
	d, err := drift.DecodeSensorDrift([]byte(`{"hostname":"WS9","drift_type":"low_disk_space","severity":"high"}`))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	// In the end the appliance's clock is set back by hours.
	for _, after := range []time.Duration{0, time.Minute, 59 * time.Minute, 61 * time.Minute, 62 * time.Minute, -3 * time.Hour, -3*time.Hour + time.Minute} {
		e := d.Event(drift.Origin{ReceivedAt: at.Add(after)})
		if err := a.Intake.Observe(t.Context(), &h, &e); err != nil {
			t.Fatal(err)
		}
	}
	if got := kinds(t, a); got != "drift observation observation" {
		t.Errorf("kinds = %q; want the first, the hourly one and one after the jump", got)
	}
	// An agent's pass does not clear what the sensor of another record says.
	accept1(t, a, m, rehearsal.Verdict(1, "disk_space", 1))
	var open int
	if err := a.Store.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM incident WHERE state <> 'resolved'").Scan(&open); err != nil || open != 1 {
		t.Errorf("%d open incidents, %v; want the sensor's", open, err)
	}
}

func TestWhatCameBackIsNotAcceptedAgain(t *testing.T) {
	a, m := start(t)
	accept1(t, a, m, rehearsal.Verdict(1, "disk_space", 1))
	before, err := a.Store.ID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	queue := hex.EncodeToString(m.QueueID)
	for _, b := range []bundle.Bundle{
		{AgentID: m.ID, QueueID: queue, Seq: 5, RecordID: strings.Repeat("ab", 16)},
		{AgentID: m.ID, QueueID: queue, Seq: 4, RecordID: strings.Repeat("cd", 16)},
		{Kind: bundle.KindCommand},
	} {
		if err := a.Intake.Seen(b); err != nil {
			t.Fatal(err)
		}
	}
	mark, record, err := a.Intake.Mark(t.Context(), m.ID, m.QueueID)
	if err != nil || mark != 5 || record[0] != 0xab {
		t.Errorf("Mark = %d, %x, %v; want 5 with its record", mark, record, err)
	}
	if after, err := a.Store.ID(t.Context()); err != nil || string(after) == string(before) {
		t.Errorf("the store's id stayed, %v; want a new one, so that agents send their state", err)
	}
	if through := accept1(t, a, m, rehearsal.Verdict(4, "disk_space", 1), rehearsal.Verdict(6, "disk_space", 1)); through != 6 {
		t.Errorf("through = %d; want 6", through)
	}
	if got := kinds(t, a); got != "observation observation" {
		t.Errorf("kinds = %q; want records 1 and 6 only", got)
	}
}

func TestAnUnknownAgentIsRefused(t *testing.T) {
	a, m := start(t)
	_, err := a.Intake.Accept(t.Context(), intake.Peer{AgentID: "ag_nobody"}, &compliancev1.Report{QueueId: m.QueueID})
	if err == nil || !strings.Contains(err.Error(), "no host record") {
		t.Errorf("Accept = %v; want ErrUnknownAgent", err)
	}
	var h host.Host
	e := drift.Event{Kind: drift.KindRefused, Refused: "x", ReceivedTime: time.Now()}
	if err := a.Intake.Observe(t.Context(), &h, &e); err != nil {
		t.Errorf("Observe = %v", err)
	}
}
