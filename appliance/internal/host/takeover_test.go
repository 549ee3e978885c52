package host_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/host"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

func TestAnAgentTakesOverTheTargetsThatAreItsHost(t *testing.T) {
	const now = 10_000_000
	other := "6b1f8f6e-7e9f-4f0a-9c53-1b3f0f6b0d11"
	path := filepath.Join(t.TempDir(), "state.db")
	r, st := reopen(t, path)
	held := map[string]bool{}
	r.Held(func(agentID string) bool { return held[agentID] })
	listed := target(t, r, host.Target{ID: "t_1", Hostname: "srv1", OS: "windows", ObjectGUID: guid})
	target(t, r, host.Target{ID: "t_2", Hostname: "ws1", OS: "windows"})
	two := target(t, r, host.Target{ID: "t_3", Hostname: "srv3", OS: "windows", ObjectGUID: other})
	agent := enrolAgent(t, r, st, "ag_1", &compliancev1.HostFacts{Hostname: "srv1", AdObjectGuid: guid})
	enrolAgent(t, r, st, "ag_2", &compliancev1.HostFacts{Hostname: "ws1"})
	enrolAgent(t, r, st, "ag_3", &compliancev1.HostFacts{Hostname: "srv3", AdObjectGuid: other})
	enrolAgent(t, r, st, "ag_4", &compliancev1.HostFacts{Hostname: "srv3", AdObjectGuid: other})
	want := func(name string, records ...[]string) {
		t.Helper()
		var got [][]string
		for _, taken := range r.TakenOver() {
			got = append(got, taken.Records)
		}
		if diff := cmp.Diff(records, got); diff != "" {
			t.Errorf("%s: taken over (-want +got):\n%s", name, diff)
		}
	}
	want("while no agent is connected")
	for _, id := range []string{"ag_1", "ag_2", "ag_3", "ag_4"} {
		r.Connected(id, true, now)
	}
	want("an object GUID, and neither a name nor one that two agents state", []string{agent.ID, listed.ID})
	held["ag_1"], held["ag_4"] = true, true
	third, _ := r.Agent("ag_3")
	want("agents that wait for approval take nothing over, nor make they doubtful", []string{third.ID, two.ID})
	if h := target(t, r, host.Target{ID: "t_1", Hostname: "srv1", OS: "windows", ObjectGUID: guid}); h.ID != listed.ID {
		t.Error("an agent that waits for approval became the target's host for good")
	}
	if who := r.Watched(now)(host.Host{Source: host.SourceTarget, Hostname: "srv1"}); who != "" {
		t.Errorf("the host is watched by %q; want nobody, its agent waits for approval", who)
	}
	clear(held)
	if h := target(t, r, host.Target{ID: "t_1", Hostname: "srv1", OS: "windows", ObjectGUID: guid}); h.ID != agent.ID {
		t.Error("an approved agent is not the target's host")
	}
	want("once it is the host for good", []string{agent.ID, listed.ID})
}

func TestAnAgentTakesNothingOverThatItsDomainDoesNotConfirm(t *testing.T) {
	r, st := reopen(t, filepath.Join(t.TempDir(), "state.db"))
	honest := false
	r.Confirmed(func(h *host.Host) bool { return h.Hostname == "srv1" && honest })
	liar := enrolAgent(t, r, st, "ag_1", &compliancev1.HostFacts{Hostname: "ws7", AdObjectGuid: guid})
	r.Connected("ag_1", true, 1)
	listed := target(t, r, host.Target{ID: "t_1", Hostname: "srv1", OS: "windows", ObjectGUID: guid})
	if taken := r.TakenOver(); listed.ID == liar.ID || len(taken) != 0 {
		t.Errorf("the target is %+v and taken over %+v; want a host of its own", listed, taken)
	}
	agent := enrolAgent(t, r, st, "ag_2", &compliancev1.HostFacts{Hostname: "srv1", AdObjectGuid: guid})
	r.Connected("ag_2", true, 1)
	if h := target(t, r, host.Target{ID: "t_1", Hostname: "srv1", OS: "windows", ObjectGUID: guid}); h.ID != listed.ID {
		t.Errorf("before the domain confirms, the target is %+v", h)
	}
	honest = true
	if taken := r.TakenOver(); len(taken) != 1 || taken[0].Agent.ID != agent.ID {
		t.Errorf("taken over are %+v; want by the agent that is confirmed, whatever another one states", taken)
	}
	if h := target(t, r, host.Target{ID: "t_1", Hostname: "srv1", OS: "windows", ObjectGUID: guid}); h.ID != agent.ID {
		t.Errorf("the target is %+v; want the agent's host", h)
	}
}

func TestWhatAMachineCannotReadNowIsNotForgotten(t *testing.T) {
	r, st := reopen(t, filepath.Join(t.TempDir(), "state.db"))
	enrolAgent(t, r, st, "ag_1", &compliancev1.HostFacts{
		Hostname: "ws1", Domain: "x.local", AdObjectGuid: guid, MachineSid: "S-1-5-21-1-2-3", SmbiosUuid: "u", MachineGuid: "m",
	})
	r.Describe("ag_1", &compliancev1.HostFacts{Hostname: "ws2", MachineGuid: "n"}, 2)
	h, _ := r.Agent("ag_1")
	got := []string{h.Hostname, h.Domain, h.ADObjectGUID, h.MachineSID, h.SMBIOSUUID, h.MachineGUID}
	if diff := cmp.Diff([]string{"ws2", "", guid, "S-1-5-21-1-2-3", "u", "n"}, got); diff != "" {
		t.Errorf("the agent's host (-want +got):\n%s", diff)
	}
}
