package scan_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
	"github.com/osiriscare/osiris/appliance/internal/scan"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

// The whole road: WinRM finds a fault, an agent comes for the computer and judges.
func TestAnAgentTakesAScannedHostOver(t *testing.T) {
	const guid = "5a0f8f6e-7e9f-4f0a-9c53-1b3f0f6b0d11"
	lab, err := practice.New(practice.Config{Hosts: 4, Catalogue: catalogue(t), Healthy: true, Log: discard()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lab.Close)
	made, err := rehearsal.NewSite(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a, err := rehearsal.Start(t.Context(), made, t.TempDir(), rehearsal.Options{Log: discard()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	in := lab.Inventory()
	s := &site{user: in.User, password: in.Password}
	for _, target := range targets(t, in) {
		if target.Kind == script.Workstation {
			target.ObjectGUID = guid
			s.targets = append(s.targets, target)
		}
	}
	road := winrm.New(winrm.Config{Retries: -1}, discard())
	t.Cleanup(road.Close)
	w, err := script.NewWinRM(road, s, catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	scanner, err := scan.New(scan.Default(), scan.Deps{
		Targets: s, Road: script.Roads{"windows": w}, Catalogue: catalogue(t), Hosts: a.Hosts, Intake: a.Intake, Policy: s, Evidence: s,
		Takeover: intake.NewTakeover(a.Intake, a.Hosts), Turns: script.NewTurns(), Log: discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, value := range map[string]any{"firewall.profiles.public.enabled": false, "updates.pending_days": int64(90)} {
		if err := lab.Hosts()[3].Model.Set(path, value); err != nil {
			t.Fatal(err)
		}
	}
	left := func() (checks []check.ID) {
		t.Helper()
		for _, state := range []incident.State{incident.Open, incident.Escalated} {
			list, err := incident.InState(t.Context(), a.Store.Reader(), state, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range list {
				if !slices.Contains(checks, i.CheckID) { // a person may get it in between
					checks = append(checks, i.CheckID)
				}
			}
		}
		slices.Sort(checks)
		return checks
	}
	if st := sweep(t, scanner, script.Workstation); st.Answered != 1 || !slices.Equal(left(), []check.ID{check.Firewall, check.Patches}) {
		t.Fatalf("the sweep = %+v, open %v; want two faults of one host", st, left())
	}
	m, err := rehearsal.NewAgent("ws01")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Enrol(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	a.Hosts.Describe(m.ID, &compliancev1.HostFacts{Hostname: "WS01", Os: "windows", AdObjectGuid: guid}, time.Now().UnixMilli())
	a.Hosts.Connected(m.ID, true, time.Now().UnixMilli())
	time.Sleep(2 * time.Millisecond) // verdicts have milliseconds, and the agent's is the later
	_, err = a.Intake.Accept(t.Context(), intake.Peer{AgentID: m.ID}, &compliancev1.Report{QueueId: m.QueueID, Records: []*compliancev1.Record{
		rehearsal.Verdict(1, "firewall", compliancev1.Status_STATUS_PASS), rehearsal.Verdict(2, "patches", compliancev1.Status_STATUS_UNKNOWN),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if st := sweep(t, scanner, script.Workstation); st.Watched != 1 || st.Answered != 0 {
		t.Errorf("the sweep beside the agent = %+v; want that the host is not asked", st)
	}
	if got := left(); !slices.Equal(got, []check.ID{check.Patches}) {
		t.Errorf("open are %v; want what the agent could not tell", got)
	}
	s.targets = nil // the operator takes the target away, the agent can tell later
	time.Sleep(2 * time.Millisecond)
	_, err = a.Intake.Accept(t.Context(), intake.Peer{AgentID: m.ID}, &compliancev1.Report{QueueId: m.QueueID, Records: []*compliancev1.Record{
		rehearsal.Verdict(3, "patches", compliancev1.Status_STATUS_PASS),
	}})
	if err != nil {
		t.Fatal(err)
	}
	sweep(t, scanner, script.Workstation)
	if got := left(); len(got) != 0 {
		t.Errorf("open are %v; want none", got)
	}
	var superseded int
	if err := a.Store.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM incident WHERE outcome = 'superseded' AND state = 'resolved'").Scan(&superseded); err != nil || superseded != 2 {
		t.Errorf("%d incidents ended as superseded, %v; want both", superseded, err)
	}
	logged(t, a, 6) // of all that happened the log has taken everything
}

// logged waits until the outbox is empty and the log has at least so many entries.
func logged(t *testing.T, a *rehearsal.Appliance, least uint64) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		waiting, err := a.Outbox.Waiting(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, size, _ := a.Evidence.Size()
		if waiting == 0 && size >= least {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d bundles wait, %d are logged", waiting, size)
		}
	}
}

func TestWhatWasMissedIsLogged(t *testing.T) {
	made, err := rehearsal.NewSite(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a, err := rehearsal.Start(t.Context(), made, t.TempDir(), rehearsal.Options{Log: discard()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	_, before, _ := a.Evidence.Size()
	ctx, cancel := context.WithCancel(t.Context())
	l := scan.NewLoop("windows", time.Second, func(context.Context) error { cancel(); return nil }, discard())
	l.ProveTo(scan.Prover{Store: a.Store, Outbox: a.Outbox}, diary{"windows": time.Now().Add(-time.Minute)})
	if err := l.Run(ctx); err != nil {
		t.Error(err)
	}
	logged(t, a, before+1)
}
