package posture_test

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/posture"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/shared/check"
)

func TestAFindingIsAnIncidentForAPersonUntilItIsGone(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	made, err := rehearsal.NewSite(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a, err := rehearsal.Start(t.Context(), made, t.TempDir(), rehearsal.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	s := newSite(t) // what this package stores, and the network
	telnet := listen(t, "127.8.9.5", 0, says("\xff\xfd\x18"))
	sc, err := posture.New(config([]uint16{telnet.port}, "127.8.9.5/32"), posture.Deps{
		Store: s.store, Hosts: a.Hosts, Intake: a.Intake, Policy: s, Evidence: scan.Prover{Store: a.Store, Outbox: a.Outbox},
		Network: s, Names: s, Vendors: s, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.neighbours[netip.MustParseAddr("127.8.9.5")] = "00:50:56:00:00:05"
	sweep(t, sc)
	s.neighbours[netip.MustParseAddr("127.8.9.5")] = "00:50:56:00:00:06"
	sweep(t, sc)
	want := map[string]check.ID{
		"device 127.8.9.5 (00:50:56:00:00:05)/network_remote_access": check.NetworkRemoteAccess, // it is away, not mended
		"device 127.8.9.5 (00:50:56:00:00:06)/network_remote_access": check.NetworkRemoteAccess,
		"device 127.8.9.5 (00:50:56:00:00:06)/network_devices":       check.NetworkDevices,
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		list, err := incident.InState(t.Context(), a.Store.Reader(), incident.Escalated, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == len(want) {
			for _, i := range list {
				if want[i.Hostname+"/"+string(i.CheckID)] == "" || i.AgentID != "" || len(i.Sources) != 1 || i.Sources[0] != "network" || i.Level != incident.L3 {
					t.Errorf("the incident = %+v", i)
				}
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d incidents wait for a person; want %d", len(list), len(want))
		}
	}
	telnet.stop()
	if _, err := posture.Know(t.Context(), s.store, "all"); err != nil {
		t.Fatal(err)
	}
	sweep(t, sc)
	if n, err := incident.Unresolved(t.Context(), a.Store.Reader()); n != 1 || err != nil {
		t.Errorf("%d incidents are left, %v; want that of the device that is away", n, err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		waiting, err := a.Outbox.Waiting(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// The epoch, three summaries, two first states, two resolutions and three escalations at least.
		if _, logged, _ := a.Evidence.Size(); waiting == 0 && logged >= 11 {
			break
		}
		if time.Now().After(deadline) {
			_, logged, _ := a.Evidence.Size()
			t.Fatalf("%d bundles wait, %d are logged", waiting, logged)
		}
	}
}
