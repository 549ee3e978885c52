package intake_test

import (
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/store"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/check"
)

// shared makes a target that is the agent's computer too.
func shared(t *testing.T, a *rehearsal.Appliance, m *rehearsal.Agent) host.Target {
	t.Helper()
	guid := "5a0f8f6e-7e9f-4f0a-9c53-1b3f0f6b0d11"
	a.Hosts.Describe(m.ID, &compliancev1.HostFacts{Hostname: "SRV1", AdObjectGuid: guid, Os: "windows"}, time.Now().UnixMilli())
	a.Hosts.Connected(m.ID, true, time.Now().UnixMilli())
	return host.Target{ID: "t_1", Hostname: "srv1", OS: "windows", ObjectGUID: guid, DeviceType: "server"}
}

func TestARoadJudgesWhatAnAgentThatLeftSaw(t *testing.T) {
	for name, test := range map[string]struct {
		silent time.Duration
		road   check.Status
		want   string
	}{
		"an agent that left and a road that passes": {4 * 24 * time.Hour, check.Pass, "superseded"},
		"an agent that left and a road that fails":  {4 * 24 * time.Hour, check.Fail, "by winrm"},
		"an agent that left and a road that cannot": {4 * 24 * time.Hour, check.Unknown, "by agent"},
		"an agent in a drawer over a weekend":       {2 * 24 * time.Hour, check.Pass, "by agent"},
	} {
		t.Run(name, func(t *testing.T) {
			a, m := start(t)
			target := shared(t, a, m)
			if _, err := a.Hosts.Target(t.Context(), target); err != nil {
				t.Fatal(err)
			}
			accept1(t, a, m, rehearsal.Verdict(1, "bitlocker", compliancev1.Status_STATUS_FAIL))
			ago := time.Now().Add(-test.silent)
			backdate(t, a, ago)
			a.Hosts.Connected(m.ID, false, ago.UnixMilli())
			h, err := a.Hosts.Target(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			scanned(t, a, h, time.Minute, map[check.ID]check.Status{check.BitLocker: test.road})
			takeover := intake.NewTakeover(a.Intake, a.Hosts)
			for range 2 {
				if err := takeover.TakeOver(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if got := incidents(t, a)[check.BitLocker]; got != test.want {
				t.Errorf("the incident = %q; want %q", got, test.want)
			}
		})
	}
}

// backdate makes all verdicts ones of then.
func backdate(t *testing.T, a *rehearsal.Appliance, then time.Time) {
	t.Helper()
	err := a.Store.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE verdict SET observed_ms = ?1, received_ms = ?1", then.UnixMilli())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnAgentWhoseClockIsWrongSupersedesAsWell(t *testing.T) {
	for name, off := range map[string]time.Duration{"two hours behind": -2 * time.Hour, "a year behind": -365 * 24 * time.Hour, "an hour ahead": time.Hour} {
		t.Run(name, func(t *testing.T) {
			a, m := start(t)
			target := shared(t, a, m)
			h, err := a.Hosts.Target(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			scanned(t, a, h, time.Minute, map[check.ID]check.Status{check.BitLocker: check.Fail, check.TimeSync: check.Fail})
			now := rehearsal.Verdict(1, "bitlocker", compliancev1.Status_STATUS_PASS)
			now.GetVerdict().ObservedMs += off.Milliseconds()
			waited := rehearsal.Verdict(2, "time_sync", compliancev1.Status_STATUS_PASS)
			waited.GetVerdict().ObservedMs += (off - 30*time.Minute).Milliseconds()
			accept1(t, a, m, now, waited)
			if err := intake.NewTakeover(a.Intake, a.Hosts).TakeOver(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := incidents(t, a)[check.BitLocker]; got != "superseded" {
				t.Errorf("what it saw now = %q; want it to count", got)
			}
			if got := incidents(t, a)[check.TimeSync]; got != "by winrm" {
				t.Errorf("what it saw before the road did = %q; want the road's", got)
			}
		})
	}
}
