package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
)

func TestAPersonApprovesAnAgentBesideARunningAppliance(t *testing.T) {
	dir := t.TempDir()
	site, err := rehearsal.NewSite(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := rehearsal.Start(t.Context(), site, dir, rehearsal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	}()
	text, err := enroll.NewToken(t.Context(), a.Store, enroll.Token{Kind: enroll.Rollout, Tier: 1, Count: 1, Valid: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	m, err := rehearsal.NewAgent("ws01")
	if err != nil {
		t.Fatal(err)
	}
	c, err := m.Dial(t.Context(), a.Addr, site.Identity.SiteRoot)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := m.Register(t.Context(), c, text); err != nil {
		t.Fatal(err)
	}
	yaml := "data_dir: " + dir + "\n"
	if out, err := do(t, yaml, "agent", "list"); err != nil || !strings.Contains(out, m.ID+"  pending  ws01") {
		t.Errorf("agent list = %q, %v; want the agent pending", out, err)
	}
	for _, test := range []struct {
		name string
		args []string
		says string
	}{
		{"no decision", []string{"agent"}, "use: "},
		{"a decision there is not", []string{"agent", "marry", m.ID}, "use: "},
		{"no agent", []string{"agent", "approve"}, "use: "},
		{"no reason", []string{"agent", "approve", m.ID}, "reason"},
		{"another agent", []string{"agent", "approve", "ag_x", "--reason", "x"}, "agent list shows"},
		{"no quarantine", []string{"agent", "release", m.ID, "--reason", "x"}, "not held for that"},
	} {
		if _, err := do(t, yaml, test.args...); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v; want an error saying %q", test.name, err, test.says)
		}
	}
	if out, err := do(t, yaml, "agent", "approve", m.ID, "--reason", "new in room 3"); err != nil || out != m.ID+"\n" {
		t.Fatalf("agent approve = %q, %v", out, err)
	}
	for deadline := time.Now().Add(time.Minute); a.Enroll.Held(m.ID); {
		if time.Now().After(deadline) {
			t.Fatal("the running appliance never noticed")
		}
		time.Sleep(50 * time.Millisecond)
	}
	out, err := do(t, yaml, "agent", "list", "--json")
	var agents []enroll.Agent
	if err == nil {
		err = json.Unmarshal([]byte(out), &agents)
	}
	if err != nil || len(agents) != 1 || agents[0].State() != "free" {
		t.Errorf("agent list --json = %s, %v; want one that is free", out, err)
	}
	if _, err := do(t, "data_dir: "+filepath.Join(dir, "other")+"\n", "agent", "approve", m.ID, "--reason", "x"); err == nil {
		t.Error("a decision without an appliance = nil; want an error")
	}
}
