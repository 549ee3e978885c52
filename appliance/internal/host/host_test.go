package host_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/store"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

func open(t *testing.T, path string) (*store.Store, *host.Registry) {
	t.Helper()
	st, err := store.Open(t.Context(), path, host.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	r, err := host.New(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	return st, r
}

func enrol(t *testing.T, st *store.Store, r *host.Registry, agentID string, f *compliancev1.HostFacts) host.Host {
	t.Helper()
	var h host.Host
	err := st.Write(t.Context(), func(tx *store.Tx) (err error) {
		h, err = host.Enrol(t.Context(), tx, agentID, f, 100)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Add(h)
	return h
}

func TestNamesNeverMergeHosts(t *testing.T) {
	st, r := open(t, filepath.Join(t.TempDir(), "state.db"))
	same := &compliancev1.HostFacts{Hostname: "PC1", Domain: "X", MachineGuid: "g", SmbiosUuid: "u"}
	a, b := enrol(t, st, r, "ag_1", same), enrol(t, st, r, "ag_2", same)
	s, err := r.Sensor(t.Context(), "PC1", "X", "1", 200)
	if err != nil {
		t.Fatal(err)
	}
	if a.ID == b.ID || s.ID == a.ID || !s.Asserted() || a.Asserted() {
		t.Errorf("hosts %s, %s and sensor %s of one name; want three records", a.ID, b.ID, s.ID)
	}
	if again, err := r.Sensor(t.Context(), "pc1", "x", "2", 300); err != nil || again.ID != s.ID || again.AgentVersion != "2" {
		t.Errorf("Sensor in other letters = %+v, %v; want the same record", again, err)
	}
	for _, near := range []string{"PC10", "PC"} {
		if other, err := r.Sensor(t.Context(), near, "X", "1", 300); err != nil || other.ID == s.ID {
			t.Errorf("Sensor(%s) = %+v, %v; want a record of its own", near, other, err)
		}
	}
	if len(r.SensorNamed("Pc1")) != 1 || len(r.List()) != 5 {
		t.Errorf("%d hosts; want 5", len(r.List()))
	}
}

func TestLivenessIsWrittenDownAtTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	st, r := open(t, path)
	h := enrol(t, st, r, "ag_1", &compliancev1.HostFacts{Hostname: "a"})
	r.Describe("ag_1", &compliancev1.HostFacts{Hostname: "b\x00\x1b[2J" + strings.Repeat("x", 300), Os: "linux"}, 500)
	r.Seen("ag_1", 7, 600)
	r.Seen("ag_1", 3, 700) // a restored queue counts from the start again
	r.Connected("ag_1", true, 800)
	r.Seen("ag_nobody", 1, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
	_, again := open(t, path)
	got, ok := again.Agent("ag_1")
	if !ok || got.ID != h.ID || got.LastSeenMs != 800 || got.Dropped != 7 || got.OS != "linux" || got.Connected {
		t.Errorf("Agent after a restart = %+v, %v", got, ok)
	}
	if strings.ContainsAny(got.Hostname, "\x00\x1b") || len(got.Hostname) > 256 {
		t.Errorf("hostname %q; want printable text of a bounded size", got.Hostname)
	}
}

func TestInventedHostsAreBounded(t *testing.T) {
	_, r := open(t, filepath.Join(t.TempDir(), "state.db"))
	for i := range 1000 {
		if _, err := r.Sensor(t.Context(), fmt.Sprint("h", i), "", "", 1); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Sensor(t.Context(), "one-more", "", "", 1); !errors.Is(err, host.ErrFull) {
		t.Errorf("Sensor = %v; want ErrFull", err)
	}
	if _, err := r.Sensor(t.Context(), "h5", "", "", 1); err != nil {
		t.Errorf("Sensor of a known host = %v; want it still served", err)
	}
}
