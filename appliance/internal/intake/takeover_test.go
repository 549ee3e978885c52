package intake_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// scanned tells what a road found on a host some time ago.
func scanned(t *testing.T, a *rehearsal.Appliance, h host.Host, ago time.Duration, statuses map[check.ID]check.Status) {
	t.Helper()
	at := time.Now().Add(-ago)
	state := &drift.State{Cause: "first"}
	for _, id := range []check.ID{check.BitLocker, check.DiskSpace, check.Firewall, check.TimeSync} {
		if status, ok := statuses[id]; ok {
			state.Verdicts = append(state.Verdicts, drift.Verdict{
				Verdict: check.Verdict{Check: id, Status: status, Severity: "high", Reason: "Seen over WinRM."}, Known: true, DriftType: "d_" + string(id), ObservedAt: at,
			})
		}
	}
	e := &drift.Event{Source: drift.SourceWinRM, Kind: drift.KindState, State: state, AgentTime: at, ReceivedTime: at}
	if err := a.Intake.Observe(t.Context(), &h, e); err != nil {
		t.Fatal(err)
	}
}

// incidents gives the outcome or, while it is not resolved, the sources of each, by
// check.
func incidents(t *testing.T, a *rehearsal.Appliance) map[check.ID]string {
	t.Helper()
	out := map[check.ID]string{}
	for _, state := range []incident.State{incident.Open, incident.Healing, incident.Escalated, incident.Resolved} {
		list, err := incident.InState(t.Context(), a.Store.Reader(), state, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range list {
			if out[i.CheckID] = i.Outcome; state != incident.Resolved {
				out[i.CheckID] = "by " + strings.Join(i.Sources, ",")
			}
		}
	}
	return out
}

func TestWhatAnAgentJudgesSupersedesTheRoad(t *testing.T) {
	a, m := start(t)
	guid := "5a0f8f6e-7e9f-4f0a-9c53-1b3f0f6b0d11"
	h, err := a.Hosts.Target(t.Context(), host.Target{ID: "t_1", Hostname: "srv1", OS: "windows", ObjectGUID: guid, DeviceType: "server"})
	if err != nil {
		t.Fatal(err)
	}
	scanned(t, a, h, time.Hour, map[check.ID]check.Status{
		check.BitLocker: check.Fail, check.DiskSpace: check.Fail, check.Firewall: check.Pass, check.TimeSync: check.Fail,
	})
	takeover := intake.NewTakeover(a.Intake, a.Hosts)
	take := func() {
		t.Helper()
		if err := takeover.TakeOver(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	a.Hosts.Describe(m.ID, &compliancev1.HostFacts{Hostname: "SRV1", AdObjectGuid: guid, Os: "windows"}, time.Now().UnixMilli())
	a.Hosts.Connected(m.ID, true, time.Now().UnixMilli())
	old := rehearsal.Verdict(1, "bitlocker", compliancev1.Status_STATUS_PASS)
	old.GetVerdict().ObservedMs -= 2 * time.Hour.Milliseconds()
	accept1(t, a, m, old, rehearsal.Verdict(2, "time_sync", compliancev1.Status_STATUS_UNKNOWN))
	take()
	before := map[check.ID]string{check.BitLocker: "by winrm", check.DiskSpace: "by winrm", check.TimeSync: "by winrm"}
	if diff := cmp.Diff(before, incidents(t, a)); diff != "" {
		t.Errorf("after a record that waited in the queue, and one that says nothing (-want +got):\n%s", diff)
	}
	accept1(t, a, m, rehearsal.Verdict(3, "bitlocker", compliancev1.Status_STATUS_PASS), rehearsal.Verdict(4, "firewall", compliancev1.Status_STATUS_FAIL))
	take()
	take()
	after := map[check.ID]string{check.BitLocker: "superseded", check.DiskSpace: "by winrm", check.Firewall: "by agent", check.TimeSync: "by winrm"}
	if diff := cmp.Diff(after, incidents(t, a)); diff != "" {
		t.Errorf("after the agent's own (-want +got):\n%s", diff)
	}
	var bundles []bundle.Bundle
	rows, err := a.Store.Reader().QueryContext(t.Context(), "SELECT draft FROM outbox WHERE kind = 'superseded' ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // a test's
	for rows.Next() {
		var draft []byte
		var b bundle.Bundle
		if err := rows.Scan(&draft); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(draft, &b); err != nil {
			t.Fatal(err)
		}
		bundles = append(bundles, b)
	}
	if len(bundles) != 2 {
		t.Fatalf("%d bundles; want one of the drift that ended and one of all verdicts, once", len(bundles))
	}
	one, all := bundles[0], bundles[1]
	if one.CheckID != "bitlocker" || one.IncidentID == "" || one.HostID != h.ID || one.Verdict != nil || one.AgentID != "" || len(one.HIPAAControls) == 0 {
		t.Errorf("the bundle of the drift = %+v", one)
	}
	if diff := cmp.Diff(map[string]string{"bitlocker": "fail", "firewall": "pass"}, all.PreState); diff != "" || all.IncidentID != "" || all.PostState[bundle.StateSource] != "winrm" {
		t.Errorf("the bundle of all (-want +got):\n%s%+v", diff, all.PostState)
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	// The agent goes away, the road finds it again: that is news.
	a.Hosts.Connected(m.ID, false, time.Now().UnixMilli())
	scanned(t, a, h, -time.Minute, map[check.ID]check.Status{check.BitLocker: check.Fail})
	take()
	if got := incidents(t, a)[check.BitLocker]; got != "by winrm" {
		t.Errorf("after the agent went = %q; want the drift again", got)
	}
}
