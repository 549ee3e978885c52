package main

import (
	"strings"
	"testing"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
)

const guid1, guid2, guid3 = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002", "00000000-0000-0000-0000-000000000003"

// report is what an appliance read in clinic.lan.
func report(target string) *centralv1.DirectoryReport {
	return &centralv1.DirectoryReport{
		Domains: []*centralv1.DirectoryDomain{{
			TargetId: target, Name: "clinic", Domain: "clinic.lan", Controller: "dc1.clinic.lan", ListedMs: 1_790_000_000_000, FullMs: 1_790_000_000_000,
			Problem: "no route\x1b[2J", ProblemSinceMs: 1_790_000_000_000, Ambiguous: 2,
		}},
		Computers: []*centralv1.DirectoryComputer{
			{ObjectGuid: guid1, Name: "WS01", Kind: "workstation", Os: "Windows 11 Pro", DnsName: "ws01.clinic.lan", Watched: "scan"},
			{ObjectGuid: guid2, Name: "WS02", Kind: "workstation", Stale: true},
			{ObjectGuid: guid3, Name: "SRV01", Kind: "server"},
			{ObjectGuid: "no guid", Name: "EVIL"},
		},
	}
}

func TestADomainIsATargetAndItsComputersAreSeen(t *testing.T) {
	c, env := server(t)
	a := c.Appliance(c.Site("Lakeside", "Harbour").ID)
	site := a.Identity.GetSiteId()
	do := func(code int, args []string, says ...string) {
		t.Helper()
		got, out, err := ctl(t, env, append(args, "--site", site)...)
		for _, want := range says {
			if !strings.Contains(out+err, want) {
				t.Errorf("osirisctl %v does not say %q:\n%s%s", args, want, out, err)
			}
		}
		if got != code || strings.Contains(out+err, "\x1b") || strings.Contains(out+err, "EVIL") {
			t.Errorf("osirisctl %v = %d; want %d:\n%s%s", args, got, code, out, err)
		}
	}
	add := func(more ...string) []string {
		return append([]string{"target", "add", "clinic", "--kind", "domain", "--credential", "ldap"}, more...)
	}
	for _, wrong := range []struct {
		args []string
		says string
	}{
		{add(), "DNS name, such as clinic.lan"},
		{add("--host", "clinic.lan", "--lab"), "not for domains"},
		{add("--host", "clinic.lan", "--insecure-basic"), "not for domains"},
		{add("--host", "clinic.lan", "--http"), "LDAP is always in TLS"},
		{add("--host", "dc1", "--domain", "clinic.lan"), "full DNS name"},
		{add("--host", "clinic.lan", "--include-ou", "Desks"), "distinguished name"},
		{[]string{"target", "add", "ws", "--kind", "workstation", "--host", "ws", "--credential", "ldap", "--scan-with", "x"}, "for domains"},
	} {
		do(exitError, wrong.args, wrong.says)
	}
	do(0, []string{"directory", "list"}, "no appliance of the site reads a domain")
	do(0, add("--host", "clinic.lan", "--include-ou", "OU=Desks, front,DC=clinic,DC=lan", "--exclude-group", "CN=Left,DC=clinic,DC=lan", "--scan-with", "scan"), "added", "--method kerberos")
	do(0, []string{"target", "list"}, "clinic", "domain", "636", "scan with scan")
	do(exitError, []string{"credential", "rm", "scan"})

	m := ct.Value(a.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{})))(t).Msg
	given := m.GetDomainTargets().GetTargets()
	if len(given) != 1 || given[0].GetScanWith() != "scan" || len(given[0].GetIncludeOus()) != 1 || m.GetWindowsTargets() == nil || len(m.GetWindowsTargets().GetTargets()) != 0 {
		t.Fatalf("the appliance is given %v", m)
	}
	state := []byte("one")
	say := func(r *centralv1.DirectoryReport) *centralv1.CheckInResponse {
		return ct.Value(a.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{
			TargetsState: m.GetTargetsState(), DirectoryState: state, Directory: r,
		})))(t).Msg
	}
	if got := say(nil); !got.GetDirectoryWanted() || got.GetDomainTargets() != nil {
		t.Errorf("a report that Central has not: the answer is %v; want that it asks, and no list", got)
	}
	if got := say(report(given[0].GetTargetId())); got.GetDirectoryWanted() {
		t.Error("Central asks for the report that it was given")
	}
	if got := say(nil); got.GetDirectoryWanted() {
		t.Error("Central asks for a report that it has")
	}
	do(0, []string{"directory", "list"}, "WS01", "stale", "SRV01", "nobody", guid3, "listed 2026", "FAILS since", "2 are not scanned")
	do(0, []string{"directory", "list", "--unwatched", "--json"}, guid3)
	if _, out, _ := ctl(t, env, "directory", "list", "--unwatched", "--site", site); strings.Contains(out, "WS0") {
		t.Errorf("of those that nobody watches it lists\n%s", out)
	}
	do(0, []string{"directory", "list", "--limit", "1"}, "there are more")
	do(0, []string{"directory", "list", "--limit", "1", "--all"}, guid1, guid2, guid3)
	state = nil
	say(nil)
	do(0, []string{"directory", "list"}, "no appliance of the site reads a domain")
}

func TestWhatTheDomainDoesNotConfirmIsApprovedByAWordOfItsOwn(t *testing.T) {
	c, env := server(t)
	a := c.Appliance(c.Site("Riverside", "Main Street").ID)
	site := a.Identity.GetSiteId()
	ct.Value(a.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{Hosts: []*centralv1.HostStatus{
		{HostId: "h_1", AgentId: "ag_known", Hostname: "ws01", Quarantined: true, Hold: "pending", Directory: "matched"},
		{HostId: "h_2", AgentId: "ag_new", Hostname: "ws02", Quarantined: true, Hold: "pending", Directory: "no_match"},
		{HostId: "h_3", AgentId: "ag_twin", Hostname: "ws03", Quarantined: true, Hold: "pending", Directory: "conflict"},
		{HostId: "h_4", AgentId: "ag_early", Hostname: "ws04", Quarantined: true, Hold: "pending", Directory: "unknown"},
	}})))(t)
	for _, tt := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"list"}, 0, []string{"matched", "no match", "CONFLICT", "directory unknown"}},
		{[]string{"approve", "ag_known", "--reason", "ticket 4711"}, 0, []string{"is signed"}},
		{[]string{"approve", "ag_new", "--reason", "ticket 4711"}, exitError, []string{"no such computer", "without the directory"}},
		{[]string{"approve", "ag_twin", "--reason", "ticket 4711"}, exitError, []string{"another agent"}},
		{[]string{"approve", "ag_early", "--reason", "ticket 4711"}, exitError, []string{"recent listing"}},
		{[]string{"approve", "ag_new", "--reason", "ticket 4711", "--without-directory"}, 0, []string{"is signed"}},
		{[]string{"list"}, 0, []string{"approve-without-directory by tester"}},
	} {
		code, out, err := ctl(t, env, append(append([]string{"agent"}, tt.args...), "--site", site)...)
		for _, want := range tt.says {
			if code != tt.code || !strings.Contains(out+err, want) {
				t.Errorf("osirisctl agent %v = %d; want %d and %q:\n%s%s", tt.args, code, tt.code, want, out, err)
			}
		}
	}
}
