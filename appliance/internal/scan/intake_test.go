package scan_test

import (
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

func TestAScanOpensAnIncidentAndASecondOneEndsIt(t *testing.T) {
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
	s := &site{user: in.User, password: in.Password, targets: targets(t, in)}
	road := winrm.New(winrm.Config{Retries: -1}, discard())
	t.Cleanup(road.Close)
	w, err := script.NewWinRM(road, s, catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg := scan.Default()
	cfg.HostDeadline = 30 * time.Second
	scanner, err := scan.New(cfg, scan.Deps{
		Targets: s, Road: script.Roads{"windows": w}, Catalogue: catalogue(t), Hosts: a.Hosts, Intake: a.Intake, Policy: s,
		Evidence: scan.Prover{Store: a.Store, Outbox: a.Outbox}, Turns: script.NewTurns(), Log: discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := lab.Hosts()[3].Model.Set("firewall.profiles.public.enabled", false); err != nil {
		t.Fatal(err)
	}
	unresolved := func() int {
		t.Helper()
		n, err := incident.Unresolved(t.Context(), a.Store.Reader())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if sweep(t, scanner, script.Workstation); unresolved() != 1 {
		t.Errorf("%d incidents are open; want that of the firewall", unresolved())
	}
	found := map[string]bool{} // by id: a person gets it meanwhile
	for _, state := range []incident.State{incident.Open, incident.Escalated, incident.Healing} {
		list, err := incident.InState(t.Context(), a.Store.Reader(), state, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range list {
			if found[i.ID] = true; i.CheckID != check.Firewall || len(i.Sources) != 1 || i.Sources[0] != "winrm" || i.AgentID != "" || i.State == incident.Healing {
				t.Errorf("the incident = %+v", i)
			}
		}
	}
	if len(found) != 1 {
		t.Errorf("%d incidents were found; want one", len(found))
	}
	if err := lab.Hosts()[3].Model.Set("firewall.profiles.public.enabled", true); err != nil {
		t.Fatal(err)
	}
	if sweep(t, scanner, script.Workstation); unresolved() != 0 {
		t.Errorf("%d incidents are open after the repair; want none", unresolved())
	}
	// A state, the opening's state, the resolution, two summaries and the epoch at least.
	logged(t, a, 4)
}
