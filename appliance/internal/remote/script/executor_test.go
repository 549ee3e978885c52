package script_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
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

func book(t testing.TB, id string) *runbook.Runbook {
	t.Helper()
	b, err := catalogue(t).Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// site is everything around an executor, with the real store, registry and lab.
type site struct {
	t        testing.TB
	executor *script.Executor
	deps     script.Deps
	targets  []script.Target
	tier     trustlite.Tier
	events   []*drift.Event
	password string
	user     string
	close    func() // the store, where its goroutine must end early
	mu       sync.Mutex
}

func (s *site) List(context.Context) ([]script.Target, error) { return s.targets, nil }

func (s *site) TierOf(host.Host, int64) trustlite.Tier { return s.tier }

func (s *site) Parameters(check.ID) check.Parameters { return nil }

func (s *site) Observe(_ context.Context, h *host.Host, e *drift.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.HostID = h.ID
	s.events = append(s.events, e)
	return nil
}

func (s *site) WinRM(context.Context, string, string) (winrm.Credential, string, error) {
	return winrm.Credential{Method: winrm.NTLM, User: s.user, Password: s.password}, "1", nil
}

// newSite is an executor beside the hosts of a healthy practice.
func newSite(t testing.TB, hosts int) (*site, *practice.Practice) {
	t.Helper()
	lab, err := practice.New(practice.Config{Hosts: hosts, Catalogue: catalogue(t), Healthy: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lab.Close)
	in := lab.Inventory()
	road := winrm.New(winrm.Config{Retries: -1}, slog.New(slog.DiscardHandler))
	t.Cleanup(road.Close)
	s := &site{t: t, tier: trustlite.Tier_TIER_SELF_HEAL, user: in.User, password: in.Password}
	w, err := script.NewWinRM(road, s, catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	s.targets = targets(t, in)
	s.start(script.Roads{"windows": w})
	return s, lab
}

// start gives the site an executor over a road.
func (s *site) start(road script.Road) {
	st, err := store.Open(s.t.Context(), filepath.Join(s.t.TempDir(), "state.db"), host.Schema, script.Schema)
	if err != nil {
		s.t.Fatal(err)
	}
	s.close = func() { _ = st.Close() }
	s.t.Cleanup(s.close)
	hosts, err := host.New(s.t.Context(), st)
	if err != nil {
		s.t.Fatal(err)
	}
	s.deps = script.Deps{
		Store: st, Catalogue: catalogue(s.t), Road: road, Targets: s, Hosts: hosts, Policy: s, Intake: s,
		Turns: script.NewTurns(), Log: slog.New(slog.DiscardHandler),
	}
	s.executor = script.New(s.deps)
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
		out = append(out, script.Target{
			ID: "t_" + e.Name, Kind: kind, Host: address, Port: n, Name: e.FQDN, Domain: in.DNSDomain, CAs: pool, Credential: "scan", Lab: true,
		})
	}
	return out
}

func (s *site) job(target int, id string) script.Job {
	j := script.Job{Target: s.targets[target], Runbook: book(s.t, id)}
	_, _ = rand.Read(j.CommandID[:])
	return j
}

func (s *site) execute(j script.Job) *drift.Result {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	r, err := s.executor.Execute(ctx, j)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func set(t testing.TB, lab *practice.Practice, n int, path string, value any) {
	t.Helper()
	if err := lab.Hosts()[n].Model.Set(path, value); err != nil {
		t.Fatal(err)
	}
}

const firewall = "windows.firewall.enable"

func TestARunbookHealsAHostAndProvesIt(t *testing.T) {
	s, lab := newSite(t, 4)
	set(t, lab, 3, "firewall.profiles.public.enabled", false)
	j := s.job(3, firewall)
	r := s.execute(j)
	if r.Outcome != drift.Healed || r.Before.Status != check.Fail || r.After.Status != check.Pass {
		t.Errorf("the result = %+v", r)
	}
	if on, _ := lab.Hosts()[3].Model.Get("firewall.profiles.public.enabled"); on != true {
		t.Errorf("the firewall is %v; want on", on)
	}
	if len(s.events) != 1 || s.events[0].Source != drift.SourceWinRM || s.events[0].Kind != drift.KindResult || s.events[0].Result.Outcome != drift.Healed {
		t.Errorf("the events = %+v", s.events)
	}
	ran := len(lab.Hosts()[3].Model.History())
	again := s.execute(j)
	if again.Outcome != drift.Healed || len(lab.Hosts()[3].Model.History()) != ran || len(s.events) != 1 {
		t.Errorf("the same command again = %+v, %d events, and the host ran more: %v", again, len(s.events), lab.Hosts()[3].Model.History()[ran:])
	}
}

func TestWhatIsNotToBeChangedIsNot(t *testing.T) {
	s, lab := newSite(t, 4)
	broken := func(path string, value any) func() { return func() { set(t, lab, 3, path, value) } }
	off := broken("firewall.profiles.public.enabled", false)
	for name, c := range map[string]struct {
		runbook string
		prepare func()
		change  func(*script.Job)
		want    drift.Outcome
	}{
		"a check that passes":           {firewall, broken("firewall.profiles.public.enabled", true), nil, drift.NotNeeded},
		"a dry run":                     {firewall, off, func(j *script.Job) { j.DryRun, j.Target.Lab = true, false }, drift.DryRun},
		"a host that is no lab's":       {firewall, off, func(j *script.Job) { j.Target.Lab = false }, drift.Refused},
		"a site that only monitors":     {firewall, off, func(*script.Job) { s.tier = trustlite.Tier_TIER_MONITOR_ONLY }, drift.Refused},
		"a runbook of another platform": {"linux.sysctl.harden", off, nil, drift.Refused},
		"a parameter nobody knows":      {firewall, off, func(j *script.Job) { j.Parameters = map[string]string{"x": "1"} }, drift.Refused},
		"one that only alerts":          {"windows.patches.review", broken("updates.pending_days", int64(60)), nil, drift.Refused},
		"one for other roles":           {"windows.backup.run", off, nil, drift.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			s.tier, s.events = trustlite.Tier_TIER_SELF_HEAL, nil
			c.prepare()
			j := s.job(3, c.runbook)
			if c.change != nil {
				c.change(&j)
			}
			r := s.execute(j)
			if r.Outcome != c.want || r.Message == "" {
				t.Errorf("Execute = %s: %s; want %s", r.Outcome, r.Message, c.want)
			}
			if len(s.events) != 1 || s.events[0].Result.Outcome != c.want {
				t.Errorf("the evidence = %+v", s.events)
			}
			for _, ran := range lab.Hosts()[3].Model.History() {
				if ran.Changed {
					t.Errorf("%s changed the host", ran.Text)
				}
			}
		})
	}
}

func TestABrokenRemediationIsRolledBack(t *testing.T) {
	s, lab := newSite(t, 4)
	set(t, lab, 3, "firewall.profiles.public.enabled", false)
	for _, part := range []string{"remediate"} {
		if _, err := lab.Do(practice.Order{Host: lab.Hosts()[3].Name, Do: "deny", Part: part, Message: "Access is denied.", Code: "0x80070005"}); err != nil {
			t.Fatal(err)
		}
	}
	r := s.execute(s.job(3, firewall))
	if r.Outcome != drift.RolledBack || r.After.Status != check.Fail {
		t.Errorf("the result = %+v", r)
	}
	if on, _ := lab.Hosts()[3].Model.Get("firewall.profiles.public.enabled"); on != false {
		t.Errorf("after the rollback the firewall is %v; want as it was", on)
	}
}

func TestASharedAccountIsNotUsedAfterOneRefusal(t *testing.T) {
	s, lab := newSite(t, 6)
	s.password = "wrong"
	var wait sync.WaitGroup
	held := make([]bool, len(s.targets))
	for n := range s.targets {
		wait.Go(func() {
			d, err := catalogue(t).Scan("windows", check.Firewall)
			if err != nil {
				t.Error(err)
				return
			}
			_, err = s.deps.Road.Run(t.Context(), s.targets[n], d, true)
			held[n] = errors.Is(err, script.ErrHeld)
			if !held[n] && !errors.Is(err, winrm.ErrAuth) {
				t.Errorf("Run = %v", err)
			}
		})
	}
	wait.Wait()
	refusals := 0
	for _, h := range lab.Hosts() {
		refusals += h.Machine.Service().Stats().Refusals
	}
	if refusals != 1 {
		t.Errorf("the wrong password was tried %d times; want once", refusals)
	}
}
