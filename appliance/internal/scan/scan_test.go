package scan_test

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

var loaded = sync.OnceValues(runbook.Load)

func catalogue(t testing.TB) *runbook.Catalogue {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// site keeps what a scanner tells.
type site struct {
	mu       sync.Mutex
	targets  []script.Target
	password string
	user     string
	events   []drift.Event
	kinds    map[string]string // device types by host
	bundles  []*bundle.Bundle
}

func (s *site) List(context.Context) ([]script.Target, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.targets), nil
}

func (s *site) Parameters(check.ID) check.Parameters { return nil }

func (s *site) Observe(_ context.Context, h *host.Host, e *drift.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.HostID = h.Hostname
	s.events = append(s.events, *e)
	if s.kinds == nil {
		s.kinds = map[string]string{}
	}
	s.kinds[h.Hostname] = h.DeviceType
	return nil
}

func (s *site) Prove(_ context.Context, b *bundle.Bundle) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bundles = append(s.bundles, b)
	return nil
}

func (s *site) WinRM(context.Context, string, string) (winrm.Credential, string, error) {
	return winrm.Credential{Method: winrm.NTLM, User: s.user, Password: s.password}, "1", nil
}

// take gives the events since the last time.
func (s *site) take() []drift.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.events
	s.events = nil
	return out
}

func targets(t testing.TB, in practice.Inventory) (out []script.Target) {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(in.CA)) {
		t.Fatal("the practice has no CA")
	}
	for _, e := range in.Hosts {
		address, port, err := net.SplitHostPort(e.HTTPS)
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(port)
		if err != nil {
			t.Fatal(err)
		}
		kind := script.Windows
		if e.Role == runbook.RoleWorkstation {
			kind = script.Workstation
		}
		out = append(out, script.Target{ID: "t_" + e.Name, Kind: kind, Host: address, Port: n, Name: e.FQDN, CAs: pool, Credential: "scan"})
	}
	return out
}

// registry is a real one.
func registry(t testing.TB) *host.Registry {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), host.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	hosts, err := host.New(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	return hosts
}

func newScanner(t testing.TB, cfg scan.Config, s *site, road script.Road, hosts scan.Hosts) *scan.Scanner {
	t.Helper()
	scanner, err := scan.New(cfg, scan.Deps{
		Targets: s, Road: road, Catalogue: catalogue(t), Hosts: hosts, Intake: s, Policy: s, Evidence: s,
		Turns: script.NewTurns(), Log: discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return scanner
}

// newPractice is a scanner beside running hosts.
func newPractice(t testing.TB, cfg practice.Config) (*scan.Scanner, *site, *practice.Practice, *host.Registry) {
	t.Helper()
	cfg.Catalogue, cfg.Log = catalogue(t), discard()
	lab, err := practice.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lab.Close)
	in := lab.Inventory()
	s := &site{user: in.User, password: in.Password, targets: targets(t, in)}
	road := winrm.New(winrm.Config{Retries: -1}, discard())
	t.Cleanup(road.Close)
	w, err := script.NewWinRM(road, s, catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	hosts := registry(t)
	settings := scan.Default()
	settings.HostDeadline = 10 * time.Second
	return newScanner(t, settings, s, script.Roads{"windows": w}, hosts), s, lab, hosts
}

func sweep(t testing.TB, s *scan.Scanner, kind script.Kind) scan.Status {
	t.Helper()
	st, err := s.Sweep(t.Context(), kind)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// failing are the checks that fail, by host.
func failing(events []drift.Event) map[string][]check.ID {
	out := map[string][]check.ID{}
	for n := range events {
		for _, v := range events[n].Verdicts() {
			if v.Status == check.Fail {
				out[events[n].HostID] = append(out[events[n].HostID], v.Check)
			}
		}
	}
	return out
}

func TestASweepFindsWhatIsWrongAndTellsWhatChanges(t *testing.T) {
	scanner, s, lab, hosts := newPractice(t, practice.Config{Hosts: 9, Healthy: true})
	var stations []*practice.Host
	for _, h := range lab.Hosts() {
		if h.Role == runbook.RoleWorkstation {
			stations = append(stations, h)
		}
	}
	set := func(n int, path string, value any) string {
		t.Helper()
		if err := stations[n].Model.Set(path, value); err != nil {
			t.Fatal(err)
		}
		return strings.ToLower(stations[n].Name) + ".northvalley.example"
	}
	outdated := set(2, "updates.pending_days", int64(90))
	open := set(4, "firewall.profiles.public.enabled", false)
	st := sweep(t, scanner, script.Workstation)
	if st.Answered != 6 || st.Targets != 6 || st.Took <= 0 {
		t.Errorf("the status = %+v; want 6 answers", st)
	}
	first := s.take()
	want := map[string][]check.ID{outdated: {check.Patches}, open: {check.Firewall}}
	if diff := cmp.Diff(want, failing(first)); diff != "" {
		t.Errorf("failing checks (-want +got):\n%s", diff)
	}
	for n := range first {
		if e := first[n]; e.Kind != drift.KindState || len(e.State.Verdicts) != 5 || e.Source != drift.SourceWinRM || s.kinds[e.HostID] != "workstation" {
			t.Errorf("the first event of %s = %+v, device type %q; want its state", e.HostID, e, s.kinds[e.HostID])
		}
	}
	if len(hosts.List()) != 6 {
		t.Errorf("%d hosts are known; want 6", len(hosts.List()))
	}
	set(2, "updates.pending_days", int64(0))
	opened := set(0, "firewall.profiles.public.enabled", false)
	sweep(t, scanner, script.Workstation)
	var changes []string
	for _, e := range s.take() {
		if e.Kind == drift.KindVerdict {
			changes = append(changes, e.HostID+" "+string(e.Verdict.Check)+" "+e.Verdict.Status.String()+" "+e.Verdict.DriftType)
		}
	}
	wantChanges := []string{outdated + " patches pass patches_missing", opened + " firewall fail firewall_disabled"}
	slices.Sort(changes)
	slices.Sort(wantChanges)
	if diff := cmp.Diff(wantChanges, changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if len(s.bundles) != 2 || s.bundles[0].DeviceType != "workstation" || s.bundles[0].PostState["failing"] != "2" ||
		s.bundles[1].PostState["firewall.fail"] != "2" {
		t.Errorf("the summaries = %+v", s.bundles)
	}
}

func TestServersAreAskedEverything(t *testing.T) {
	scanner, s, lab, _ := newPractice(t, practice.Config{Hosts: 3})
	sweep(t, scanner, script.Windows)
	events := s.take()
	all := len(catalogue(t).Texts().Checks("windows"))
	if len(events) != 3 {
		t.Fatalf("%d events; want one a server", len(events))
	}
	for n := range events {
		if got := len(events[n].Verdicts()); got != all || s.kinds[events[n].HostID] != "server" {
			t.Errorf("%s has %d verdicts, device type %q; want %d", events[n].HostID, got, s.kinds[events[n].HostID], all)
		}
	}
	if f := failing(events); !slices.Contains(f[strings.ToLower(lab.Hosts()[0].Name)+".northvalley.example"], check.Spooler) || len(s.bundles) != 0 {
		t.Errorf("failing = %v, summaries %d", f, len(s.bundles))
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
