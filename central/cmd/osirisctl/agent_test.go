package main

import (
	"encoding/json"
	"strings"
	"testing"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
)

func TestAPartnerDecidesAboutAgents(t *testing.T) {
	c, env := server(t)
	s := c.Site("Riverside", "Main Street")
	a := c.Appliance(s.ID)
	site := string(s.ID)
	ct.Value(a.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{Hosts: []*centralv1.HostStatus{
		{HostId: "h_1", AgentId: "ag_free", Hostname: "ws01"},
		{HostId: "h_2", AgentId: "ag_new", Hostname: "ws02\x1b[2J", Quarantined: true, Hold: "pending"},
		{HostId: "h_3", AgentId: "ag_two", Hostname: "ws03", Quarantined: true, Hold: "clone"},
	}})))(t)
	for _, tt := range []struct {
		args []string
		code int
		says []string
		not  string
	}{
		{[]string{"agent", "list", "--site", site}, 0, []string{"ag_free", "free", "ag_new", "pending", "ag_two", "clone"}, "\x1b"},
		{[]string{"agent", "list", "--site", site, "--held"}, 0, []string{"ag_new", "ag_two"}, "ag_free"},
		{[]string{"agent", "approve", "ag_new", "--site", site}, exitUsage, []string{"--reason"}, "signed"},
		{[]string{"agent", "approve", "ag_new", "--reason", "ticket 4711"}, exitUsage, []string{"--site"}, "signed"},
		{[]string{"agent", "approve", "--site", site, "--reason", "ticket 4711"}, exitUsage, []string{"usage"}, "signed"},
		{[]string{"agent", "approve", "ag_two", "--site", site, "--reason", "ticket 4711"}, exitError, []string{"deciding to approve agent ag_two", "clone", "released"}, "signed"},
		{[]string{"agent", "release", "ag_free", "--site", site, "--reason", "ticket 4711"}, exitError, []string{"not held"}, "signed"},
		{[]string{"agent", "approve", "ag_new", "--site", site, "--reason", "ticket 4711"}, 0, []string{"is signed"}, "error"},
		{[]string{"agent", "release", "ag_two", "--site", site, "--reason", "wiped", "--json"}, 0, []string{`"version"`}, "error"},
		{[]string{"agent", "list", "--site", site}, 0, []string{"approve by tester", "release by tester"}, "\x1b"},
		{[]string{"agent", "revoke", "ag_two", "--site", site, "--reason", "stolen"}, 0, []string{"revoked"}, "error"},
		{[]string{"agent", "list", "--site", site, "--held"}, 0, []string{"revoked"}, "clone"},
	} {
		code, out, err := ctl(t, env, tt.args...)
		if code != tt.code {
			t.Errorf("osirisctl %v = %d; want %d: %s%s", tt.args, code, tt.code, out, err)
		}
		for _, want := range tt.says {
			if !strings.Contains(out+err, want) {
				t.Errorf("osirisctl %v does not say %q:\n%s%s", tt.args, want, out, err)
			}
		}
		if strings.Contains(out+err, tt.not) {
			t.Errorf("osirisctl %v says %q:\n%s%s", tt.args, tt.not, out, err)
		}
	}
	_, out, _ := ctl(t, env, "agent", "list", "--site", site, "--json")
	var said struct {
		Agents []struct {
			AgentID string `json:"agent_id"`
			Hold    string `json:"hold"`
			Waiting *struct {
				Verb   string `json:"verb"`
				Reason string `json:"reason"`
			} `json:"waiting"`
		} `json:"agents"`
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil || len(said.Agents) != 3 || said.Agents[1].Hold != "pending" ||
		said.Agents[1].Waiting == nil || said.Agents[1].Waiting.Verb != "AGENT_VERB_APPROVE" || said.Agents[1].Waiting.Reason != "ticket 4711" {
		t.Errorf("agent list --json = %v:\n%s", err, out)
	}
}

func TestAPolicyIsShownAsItWasSet(t *testing.T) {
	c, env := server(t)
	site := string(c.Site("Riverside", "Main Street").ID)
	code, out, err := ctl(t, env, "policy", "set", "--site", site, "--tier", "heal", "--check", "disk_space", "--check", "time_sync",
		"--standing", "linux.sysctl.harden", "--standing", "windows.time.resync", "--set", "disk_space.high_percent=20", "--host-tier", "ag_x=monitor")
	if code != 0 {
		t.Fatalf("policy set = %d: %s%s", code, out, err)
	}
	_, out, _ = ctl(t, env, "policy", "show", "--site", site)
	for _, want := range []string{"heal", "disk_space time_sync", "linux.sysctl.harden windows.time.resync", "disk_space.high_percent=20", "ag_x=monitor"} {
		if !strings.Contains(out, want) {
			t.Errorf("policy show does not say %q:\n%s", want, out)
		}
	}
	if _, out, _ = ctl(t, env, "policy", "show", "--site", site, "--json"); !json.Valid([]byte(out)) || !strings.Contains(out, `"standing_runbooks"`) {
		t.Errorf("policy show --json:\n%s", out)
	}
	for wrong, code := range map[string]int{"disk_space.high=20": exitError, "disk_space.high_percent": exitUsage, "disk_space=20": exitUsage} {
		if got, out, err := ctl(t, env, "policy", "set", "--site", site, "--tier", "heal", "--set", wrong); got != code {
			t.Errorf("policy set --set %s = %d; want %d: %s%s", wrong, got, code, out, err)
		}
	}
	if got, _, err := ctl(t, env, "policy", "set", "--site", site, "--tier", "heal", "--standing", "windows.firewall"); got != exitError || !strings.Contains(err, "no such runbook") {
		t.Errorf("policy set of a standing runbook that is none = %d: %s", got, err)
	}
}
