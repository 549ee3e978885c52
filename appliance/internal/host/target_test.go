package host_test

import (
	"path/filepath"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/store"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

const guid = "5a0f8f6e-7e9f-4f0a-9c53-1b3f0f6b0d11"

// reopen gives a registry over the same file, as after a restart.
func reopen(t *testing.T, path string) (*host.Registry, *store.Store) {
	t.Helper()
	st, err := store.Open(t.Context(), path, host.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	r, err := host.New(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	return r, st
}

func target(t *testing.T, r *host.Registry, want host.Target) host.Host {
	t.Helper()
	h, err := r.Target(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func enrolAgent(t *testing.T, r *host.Registry, st *store.Store, agentID string, f *compliancev1.HostFacts) host.Host {
	t.Helper()
	var h host.Host
	err := st.Write(t.Context(), func(tx *store.Tx) (err error) {
		h, err = host.Enrol(t.Context(), tx, agentID, f, 1)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Add(h)
	return h
}

func TestATargetKeepsItsHost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	r, st := reopen(t, path)
	a := target(t, r, host.Target{ID: "t_1", Hostname: "srv1", OS: "windows", DeviceType: "server"})
	if a.Source != host.SourceTarget || a.DeviceType != "server" || a.Asserted() || a.AgentID != "" {
		t.Errorf("the host = %+v", a)
	}
	if b := target(t, r, host.Target{ID: "t_2", Hostname: "srv1", OS: "windows"}); b.ID == a.ID {
		t.Error("two targets of one name are one host")
	}
	if c := target(t, r, host.Target{ID: "t_1", Hostname: "renamed", OS: "windows"}); c.ID != a.ID || c.Hostname != "renamed" {
		t.Errorf("the edited target = %+v; want the same host, renamed", c)
	}
	_ = st.Close()
	r, _ = reopen(t, path)
	if d := target(t, r, host.Target{ID: "t_1", Hostname: "renamed", OS: "windows"}); d.ID != a.ID || len(r.List()) != 2 {
		t.Errorf("after a restart = %+v of %d", d, len(r.List()))
	}
}

func TestOnlyTheObjectGUIDMakesATargetAnAgentsHost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	r, st := reopen(t, path)
	agent := enrolAgent(t, r, st, "ag_1", &compliancev1.HostFacts{Hostname: "ws1", Domain: "x.local", AdObjectGuid: guid, Os: "windows"})
	if h := target(t, r, host.Target{ID: "t_1", Hostname: "ws1", Domain: "x.local", OS: "windows"}); h.ID == agent.ID {
		t.Error("a name made it the agent's host")
	}
	own := target(t, r, host.Target{ID: "t_1", Hostname: "ws1", OS: "windows"})
	h := target(t, r, host.Target{ID: "t_1", Hostname: "ws1", OS: "windows", ObjectGUID: guid, DeviceType: "workstation"})
	if h.ID != agent.ID || h.AgentID != "ag_1" || h.DeviceType != "workstation" || own.ID == agent.ID {
		t.Errorf("with the object GUID = %+v; want the agent's host", h)
	}
	if h := target(t, r, host.Target{ID: "t_1", Hostname: "ws1", OS: "windows"}); h.ID != agent.ID {
		t.Error("without it later it is another host; want that it stays")
	}
	_ = st.Close()
	r, st = reopen(t, path)
	if h := target(t, r, host.Target{ID: "t_1", Hostname: "ws1", OS: "windows"}); h.ID != agent.ID {
		t.Error("after a restart it is another host")
	}
	enrolAgent(t, r, st, "ag_2", &compliancev1.HostFacts{Hostname: "ws1", AdObjectGuid: guid})
	if h := target(t, r, host.Target{ID: "t_2", Hostname: "ws1", OS: "windows", ObjectGUID: guid}); h.Source != host.SourceTarget {
		t.Error("of two agents with one object GUID it is one")
	}
}

func TestWhoLooksAfterAHost(t *testing.T) {
	const now = 10_000_000
	r, st := reopen(t, filepath.Join(t.TempDir(), "state.db"))
	enrolAgent(t, r, st, "ag_1", &compliancev1.HostFacts{Hostname: "WS1", Domain: "x.local"})
	r.Connected("ag_1", true, now)
	enrolAgent(t, r, st, "ag_2", &compliancev1.HostFacts{Hostname: "ws2", Domain: "x.local"})
	for n, domain := range []string{"a.local", "b.local"} {
		id := []string{"ag_3", "ag_4"}[n]
		enrolAgent(t, r, st, id, &compliancev1.HostFacts{Hostname: "ws3", Domain: domain})
		r.Connected(id, true, now)
	}
	for name, seen := range map[string]int64{"ws5": now - 119_000, "ws6": now - 121_000, "ws7": now + 121_000} {
		if _, err := r.Sensor(t.Context(), name, "x.local", "1", seen); err != nil {
			t.Fatal(err)
		}
	}
	watched := r.Watched(now)
	for name, c := range map[string]struct{ target, want string }{
		"the name with its domain":          {"ws1.X.local", host.SourceAgent},
		"the short name":                    {"ws1", host.SourceAgent},
		"a name of another domain":          {"ws1.y.local", ""},
		"an agent without a session":        {"ws2", ""},
		"a short name that two agents have": {"ws3", ""},
		"one of them with its domain":       {"ws3.b.local", host.SourceAgent},
		"a sensor 119 s ago":                {"ws5.x.local", host.SourceSensor},
		"a sensor 121 s ago":                {"ws6.x.local", ""},
		"a sensor of before a clock jump":   {"ws7.x.local", ""},
		"a name that only begins like it":   {"ws1.x.local.evil", ""},
		"an address":                        {"192.0.2.1", ""},
	} {
		if got := watched(host.Host{Source: host.SourceTarget, Hostname: c.target}); got != c.want {
			t.Errorf("%s: %q watched by %q; want %q", name, c.target, got, c.want)
		}
	}
	if agent, _ := r.Agent("ag_1"); watched(agent) != host.SourceAgent {
		t.Error("the agent's own host is not watched by it")
	}
}
