//go:build integration

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// behindGate starts a site and puts its agent behind a gate.
func behindGate(t *testing.T, tier trustv1.Tier) (*site, *gate) {
	t.Helper()
	s := start(t, tier)
	s.settled()
	g := newGate(t, s.Ports().Agent)
	s.must("stopping the agent", func(context.Context) error { return s.Agent.Stop() })
	// The environment wins over the data folder, which has the real port.
	t.Setenv("OSIRIS_AGENT_APPLIANCE_ADDR", g.addr())
	t.Setenv("OSIRIS_AGENT_FALLBACK_ADDR", fmt.Sprintf("127.0.0.1:%d", s.Ports().Fallback))
	before := s.count("agent: connected")
	s.must("starting the agent behind the gate", s.Agent.Start)
	s.until("it is connected", s.more("agent: connected", before))
	return s, g
}

// more waits for another line of a kind.
func (s *site) more(line string, before int) func(context.Context) error {
	return func(context.Context) error {
		if n := s.count(line); n <= before {
			return fmt.Errorf("%q was logged %d times; want more than %d", line, n, before)
		}
		return nil
	}
}

// said tells whether the agent's log has a line with all these words.
func (s *site) said(words ...string) bool {
	s.t.Helper()
	content, err := os.ReadFile(filepath.Join(s.dir, "logs", "agent.log"))
	if err != nil {
		s.t.Fatal(err)
	}
lines:
	for line := range strings.Lines(string(content)) {
		for _, word := range words {
			if !strings.Contains(line, word) {
				continue lines
			}
		}
		return true
	}
	return false
}

// TestReportsPassABlockedPort shuts the agents' port: records go out by HTTP/1.1
// over the same certificates, and by the stream again once it opens.
func TestReportsPassABlockedPort(t *testing.T) {
	s, g := behindGate(t, trustv1.Tier_TIER_MONITOR_ONLY)
	for range 2 {
		g.set(true)
		s.flips(3)
		s.settled()
		if !s.said(`"posts":true`) {
			t.Error("everything arrived, and not over the fallback")
		}
		before := s.count("appliance: session opened")
		s.must("ending the session of posts", func(context.Context) error { return s.Agent.Kill() })
		g.set(false)
		s.must("starting the agent", s.Agent.Start)
		s.until("the stream is back", s.more("appliance: session opened", before))
		s.flips(2)
		s.settled()
	}
	s.proven()
}

// TestASleepingComputerIsBackAtOnce stops the agent's process as a sleep does and
// lets its connection die without a word.
func TestASleepingComputerIsBackAtOnce(t *testing.T) {
	s, g := behindGate(t, trustv1.Tier_TIER_MONITOR_ONLY)
	before := s.count("agent: connected")
	process, err := os.FindProcess(s.Agent.PID())
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	g.silence()
	time.Sleep(8 * time.Second) // longer than a tick and its slack
	if err := process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.until("it is connected again", s.more("agent: connected", before))
	if !s.said("disconnected", "slept") {
		t.Error("it noticed the dead connection, and not that the machine slept")
	}
	s.flips(2)
	s.settled()
}

// TestADeadApplianceIsNoticed takes the peer away without a word: nothing but
// the agent's own PINGs can tell.
func TestADeadApplianceIsNoticed(t *testing.T) {
	s, g := behindGate(t, trustv1.Tier_TIER_MONITOR_ONLY)
	before := s.count("agent: connected")
	g.silence()
	s.until("it is connected again", s.more("agent: connected", before))
	if !s.said("disconnected", "silent") && !s.said("disconnected", "acknowledges nothing") {
		t.Error("the session did not end because the peer was silent")
	}
	s.flips(2)
	s.settled()
}

// TestAStandingOrderHealsWhileTheApplianceIsAway names a runbook in the policy
// and takes the appliance away.
func TestAStandingOrderHealsWhileTheApplianceIsAway(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_SELF_HEAL)
	applied := s.count("agent: policy applied")
	s.must("publishing a standing order", func(ctx context.Context) error {
		_, err := s.Fleet.SetPolicy(ctx, connect.NewRequest(&centralv1.SetPolicyRequest{SiteId: s.SiteID, Policy: &trustv1.Policy{
			Tier: trustv1.Tier_TIER_SELF_HEAL, Ceiling: trustv1.Tier_TIER_SELF_HEAL,
			CheckIntervalMs: 1000, CheckJitterPercent: 10, StandingRunbooks: []string{"linux.sysctl.harden"},
		}}))
		return err
	})
	s.until("the agent has the policy", s.more("agent: policy applied", applied))
	s.settled()
	s.must("taking the appliance away", func(context.Context) error { return s.Appliance.Stop() })
	finished := s.count("agent: command finished")
	s.write(s.Agent, broken)
	s.until("it is healed", s.more("agent: command finished", finished))
	if !s.said("command finished", `"outcome":"healed"`) {
		t.Error("the run was no success")
	}
	healed, err := os.ReadFile(s.Agent.Sysctl("60-osiris.conf"))
	if err != nil || !strings.Contains(string(healed), "kernel.kptr_restrict = 1") {
		t.Errorf("the file is %q, %v", healed, err)
	}
	s.must("bringing the appliance back", s.StartAppliance)
	s.settled()
	s.until("Central has the run's evidence", func(ctx context.Context) error {
		all, err := s.evidence(ctx)
		if err != nil {
			return err
		}
		for _, e := range all {
			if e.GetCheckId() == "sysctl_hardening" && e.GetOutcome() == "success" {
				return nil
			}
		}
		return errors.New("there is none")
	})
	s.proven()
}
