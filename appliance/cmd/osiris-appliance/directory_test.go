package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/discover"
	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/target"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/credential"
)

// clinic is a domain with six computers; it is also what opens its credential.
type clinic struct{}

func (clinic) Open(context.Context, string, string) (credential.Credential, uint64, error) {
	return credential.Credential{Kind: credential.LDAPBind, Method: "simple", User: "u", Password: credential.NewSecret("p")}, 1, nil
}

func computerGUID(n int) string { return fmt.Sprintf("00000000-0000-0000-0000-%012d", n) }

func (clinic) List(context.Context, discover.Mark) (l discover.Listing, m discover.Mark, err error) {
	l.Full = true
	for n, kind := range []discover.Kind{discover.Workstation, discover.Server, discover.DC, discover.Workstation, discover.Workstation, discover.Workstation} {
		name := fmt.Sprintf("pc%d", n)
		l.Computers = append(l.Computers, discover.Computer{
			GUID: discover.GUID(computerGUID(n)), Name: name, Account: name, DNSName: name + ".clinic.lan", Kind: kind, Stale: n == 5,
		})
	}
	return l, m, nil
}

// practice is a running appliance that reads the clinic's domain.
func practice(t *testing.T, answer *centralv1.CheckInResponse) (computers, *rehearsal.Appliance) {
	t.Helper()
	dir := t.TempDir()
	site, err := rehearsal.NewSite(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := rehearsal.Start(t.Context(), site, dir, rehearsal.Options{NoEvidence: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	st, err := store.Open(t.Context(), filepath.Join(dir, "directory.db"), target.Schema, directory.Schema, outbox.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	c := computers{hosts: a.Hosts, enroll: a.Enroll}
	if c.targets, err = target.New(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	if c.book, err = directory.NewBook(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	if _, err := c.targets.Take(t.Context(), answer); err != nil {
		t.Fatal(err)
	}
	d := directory.New(directory.Deps{
		Book: c.book, Targets: c.targets, Credentials: clinic{}, Drafts: outbox.Add, Log: slog.New(slog.DiscardHandler),
		Make: func(discover.Config) (directory.Lister, error) { return clinic{}, nil },
	})
	if err := d.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c, a
}

// agentOn is an agent that was let in, or waits, on a computer.
func agentOn(t *testing.T, a *rehearsal.Appliance, kind enroll.Kind, hostname, guid string, live bool) {
	t.Helper()
	text, err := enroll.NewToken(t.Context(), a.Store, enroll.Token{Kind: kind, Tier: 1, Count: 1, Valid: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	m, err := rehearsal.NewAgent(hostname)
	if err != nil {
		t.Fatal(err)
	}
	m.Host.AdObjectGuid = guid
	c, err := m.Dial(t.Context(), a.Addr, a.Site.Identity.SiteRoot)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := m.Register(t.Context(), c, text); err != nil {
		t.Fatal(err)
	}
	a.Hosts.Connected(m.ID, live, time.Now().UnixMilli())
}

func domainTargets(scanWith string) *centralv1.CheckInResponse {
	return &centralv1.CheckInResponse{
		TargetsState: []byte("one"), LinuxTargets: &centralv1.TargetList{}, WorkstationTargets: &centralv1.TargetList{},
		WindowsTargets: &centralv1.TargetList{Targets: []*centralv1.Target{
			{TargetId: "t_1", Name: "dc", Host: "PC2.clinic.lan", Credential: "admin", Lab: true},
		}},
		DomainTargets: &centralv1.TargetList{Targets: []*centralv1.Target{
			{TargetId: "t_2", Name: "clinic", Host: "clinic.lan", Credential: "ldap", ScanWith: scanWith, Http: scanWith != ""},
			{TargetId: "t_3", Name: "again", Host: "clinic.lan", Credential: "ldap", ScanWith: scanWith},
		}},
	}
}

func TestComputersOfADomainAreScannedUnlessSomebodyElseHasThem(t *testing.T) {
	c, a := practice(t, domainTargets("scan"))
	agentOn(t, a, enroll.Single, "pc0", computerGUID(0), true)
	agentOn(t, a, enroll.Single, "liar", computerGUID(4), true) // another computer's
	agentOn(t, a, enroll.Single, "pc1", "", false)              // not live: it is asked
	agentOn(t, a, enroll.Rollout, "pc3", "", true)              // waits: nobody knows whose it is
	agentOn(t, a, enroll.Rollout, "pc4", computerGUID(4), true)
	all, err := (targetList{store: c.targets, found: c.scanTargets}).List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range all {
		got = append(got, fmt.Sprintf("%s %s %s %s lab=%t", s.ID, s.Kind, s.Host, s.Credential, s.Lab))
		if s.Lab != (s.ID == "t_1") || s.TicketOnly == s.Lab || strings.HasPrefix(s.ID, "ad_") && (!s.HTTP || "ad_"+s.ObjectGUID != s.ID || s.AllowBasic || s.AllowPlain) {
			t.Errorf("a target %+v", s)
		}
	}
	want := []string{
		"t_1 windows PC2.clinic.lan admin lab=true",
		"ad_" + computerGUID(1) + " windows pc1.clinic.lan scan lab=false",
		"ad_" + computerGUID(3) + " workstation pc3.clinic.lan scan lab=false",
		"ad_" + computerGUID(4) + " workstation pc4.clinic.lan scan lab=false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("scanned are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAnAgentIsATargetsHostOnlyIfTheDomainConfirmsIt(t *testing.T) {
	c, a := practice(t, domainTargets("scan"))
	a.Hosts.Held(a.Enroll.Held)
	a.Hosts.Confirmed(c.confirm)
	target := func(n int) host.Host {
		t.Helper()
		h, err := a.Hosts.Target(t.Context(), host.Target{ID: fmt.Sprintf("t_%d", n), Hostname: fmt.Sprintf("pc%d", n), OS: "windows", ObjectGUID: computerGUID(n)})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	agentOn(t, a, enroll.Single, "liar", computerGUID(4), true)
	agentOn(t, a, enroll.Single, "pc9", computerGUID(99), true) // no domain has it
	for _, n := range []int{4, 99} {
		if h := target(n); h.AgentID != "" {
			t.Errorf("target %d is the host of agent %s, which says that it is %q", n, h.AgentID, h.Hostname)
		}
	}
	if taken := a.Hosts.TakenOver(); len(taken) != 0 {
		t.Errorf("taken over are %+v; want none", taken)
	}
	agentOn(t, a, enroll.Single, "PC4", strings.ToUpper(computerGUID(4)), true) // the liar makes it no less so
	if taken := a.Hosts.TakenOver(); len(taken) != 1 || taken[0].Agent.Hostname != "PC4" || len(taken[0].Records) != 2 {
		t.Errorf("taken over are %+v; want the target by its own agent", taken)
	}
	if h := target(4); h.Hostname != "PC4" || h.AgentID == "" {
		t.Errorf("the target is %+v; want its own agent's host", h)
	}
}

func TestCentralIsToldWhoWatchesAComputer(t *testing.T) {
	for scanWith, want := range map[string]string{
		"scan": "agent agent target scan scan -",
		"":     "agent agent target - - -",
	} {
		c, a := practice(t, domainTargets(scanWith))
		agentOn(t, a, enroll.Single, "pc0", computerGUID(0), true)
		agentOn(t, a, enroll.Single, "liar", computerGUID(4), true)
		agentOn(t, a, enroll.Single, "pc1", "", false)
		agentOn(t, a, enroll.Rollout, "pc3", "", true)
		who, err := c.watched(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		all := c.book.Computers()
		for i := range all[:6] {
			word := who(&all[i])
			if word == "" {
				word = "-"
			}
			got = append(got, word)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("with scan-with %q the computers are watched by %v; want %s", scanWith, got, want)
		}
	}
}

func TestAnAgentThatWaitsIsToldWithWhatTheDomainSays(t *testing.T) {
	c, a := practice(t, domainTargets(""))
	a.Enroll.Directory = c.book
	agentOn(t, a, enroll.Rollout, "pc3", computerGUID(3), false)
	agentOn(t, a, enroll.Rollout, "stranger", "", false)
	m := &centralv1.CheckInRequest{}
	for _, h := range a.Hosts.List() {
		m.Hosts = append(m.Hosts, &centralv1.HostStatus{HostId: h.ID, AgentId: h.AgentID, Hostname: h.Hostname, Hold: a.Enroll.Hold(h.AgentID)})
	}
	if err := (directorySetting{directory.NewReport(c.book, c.watched), c}).Tell(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, h := range m.GetHosts() {
		got[h.GetHostname()] = h.GetDirectory()
	}
	if got["pc3"] != "matched" || got["stranger"] != "no_match" || len(m.GetDirectoryState()) == 0 {
		t.Errorf("told is %v", got)
	}
}

func TestAnExplicitTargetWins(t *testing.T) {
	c := &directory.Computer{GUID: discover.GUID(computerGUID(1)), Account: "PC1", DNSName: "pc1.clinic.lan"}
	for name, test := range map[string]struct {
		target target.Target
		want   bool
	}{
		"its full name":              {target.Target{Host: "PC1.Clinic.lan."}, true},
		"its short name":             {target.Target{Host: "pc1"}, true},
		"its name for TLS":           {target.Target{Host: "192.0.2.1", TLSName: "pc1.clinic.lan"}, true},
		"its objectGUID":             {target.Target{Host: "192.0.2.1", ObjectGUID: computerGUID(1)}, true},
		"an address":                 {target.Target{Host: "192.0.2.1"}, false},
		"a name of another domain":   {target.Target{Host: "pc1.other.lan"}, false},
		"a name that begins with it": {target.Target{Host: "pc10"}, false},
	} {
		if got := explicit([]target.Target{test.target})(c); got != test.want {
			t.Errorf("%s: %t; want %t", name, got, test.want)
		}
	}
}

func TestMissedListingsAreProvedWhereADomainIsListed(t *testing.T) {
	for want, domains := range map[int][]string{1: {"t_1"}, 0: nil} {
		synctest.Test(t, func(t *testing.T) {
			st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), target.Schema, directory.Schema, outbox.Schema, scan.Schema)
			if err != nil {
				t.Fatal(err)
			}
			targets, err := target.New(t.Context(), st)
			if err != nil {
				t.Fatal(err)
			}
			list := &centralv1.CheckInResponse{
				TargetsState: []byte("one"), WindowsTargets: &centralv1.TargetList{}, LinuxTargets: &centralv1.TargetList{},
				WorkstationTargets: &centralv1.TargetList{}, DomainTargets: &centralv1.TargetList{},
			}
			for _, id := range domains {
				list.DomainTargets.Targets = append(list.DomainTargets.Targets, &centralv1.Target{TargetId: id, Name: "clinic", Host: "clinic.lan", Credential: "ldap"})
			}
			if _, err := targets.Take(t.Context(), list); err != nil {
				t.Fatal(err)
			}
			if _, err := (scan.Prover{Store: st}).Began(t.Context(), "directory", time.Now()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Hour) // the appliance does not run
			log := slog.New(slog.DiscardHandler)
			book, err := directory.NewBook(t.Context(), st)
			if err != nil {
				t.Fatal(err)
			}
			d := directory.New(directory.Deps{
				Book: book, Targets: targets, Credentials: clinic{}, Log: log,
				Drafts: func(context.Context, *store.Tx, *bundle.Bundle) error { return nil },
				Make:   func(discover.Config) (directory.Lister, error) { return clinic{}, nil },
			})
			o := outbox.New(st, nil, log)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- newDirectoryLoop(d, st, o, log).Run(ctx) }()
			time.Sleep(10 * time.Minute)
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if n, err := o.Waiting(t.Context()); err != nil || n != uint64(want) { //nolint:gosec // 0 or 1
				t.Errorf("with domains %v there are %d bundles, %v; want %d", domains, n, err, want)
			}
			_ = st.Close()
		})
	}
}
