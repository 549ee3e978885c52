//go:build integration

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"testing"
	"time"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

// TestAPowerCutInTheMiddleOfAScanLosesNothing kills the appliance while a host is
// being asked.
func TestAPowerCutInTheMiddleOfAScanLosesNothing(t *testing.T) {
	l := startLab(t, practice.Config{Hosts: 5, Delay: 3 * time.Second}, trustv1.Tier_TIER_MONITOR_ONLY)
	h, _ := l.host("FRONTDESK-01")
	l.target("FRONTDESK-01")
	l.target("FRONTDESK-02")
	l.until("a scan is under way", func(context.Context) error {
		if h.Machine.Service().Stats().Shells == 0 {
			return errors.New("no host is asked")
		}
		return nil
	})
	l.must("killing the appliance", func(context.Context) error { return l.Appliance.Kill() })
	if n := len(h.Model.History()); n != 0 {
		t.Fatalf("the host ran %d parts; want it cut off before", n)
	}
	l.must("starting it again", l.StartAppliance)
	l.judged("FRONTDESK-01", "firewall", "fail")
	l.judged("FRONTDESK-02", "firewall", "pass")
	l.until("all evidence is proven", func(ctx context.Context) error {
		if code, said := verify(ctx, l.ctl, l.EvidenceDir(), "--trust", l.Trust); code != 0 {
			return fmt.Errorf("verify = %d: %s", code, said)
		}
		return nil
	})
	opened := 0
	all, err := l.evidence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.GetKind() == "escalation" && e.GetCheckId() == "firewall" {
			opened++
		}
	}
	if opened != 1 {
		t.Errorf("the firewall was escalated %d times; want once", opened)
	}
}

// TestAHostWithAnAgentIsNotAsked gives a host that is scanned an agent, and takes
// it away again. The agent is on a computer that states the host's name.
func TestAHostWithAnAgentIsNotAsked(t *testing.T) {
	if out, err := exec.CommandContext(t.Context(), "unshare", "-ru", "hostname", "FRONTDESK-01").CombinedOutput(); err != nil {
		t.Skipf("no namespace with a name of its own here: %v: %s", err, out)
	}
	l := startLab(t, practice.Config{Hosts: 5}, trustv1.Tier_TIER_MONITOR_ONLY)
	h, _ := l.host("FRONTDESK-01")
	asked := func() int { return len(h.Model.History()) }
	l.target("FRONTDESK-01")
	l.target("FRONTDESK-02")
	l.judged("FRONTDESK-01", "firewall", "fail")

	c, err := l.Computer()
	if err != nil {
		t.Fatal(err)
	}
	l.write(c, hardened)
	l.must("enrolling", c.Enrol)
	c.Args = append([]string{"-ru", "sh", "-c", `hostname FRONTDESK-01 && exec "$@"`, "sh", c.Path}, c.Args...)
	c.Path = "unshare"
	l.must("starting the agent", c.Start)
	l.until("a sweep leaves the host to its agent", l.more("appliance: watched", 0))
	before, sweeps := asked(), l.count("appliance: watched")
	l.until("two more do", l.more("appliance: watched", sweeps+1))
	if n := asked(); n != before {
		t.Errorf("the host was asked %d times beside its agent", n-before)
	}
	l.must("stopping the agent", func(context.Context) error { return c.Stop() })
	l.until("the host is asked again", func(context.Context) error {
		if asked() == before {
			return errors.New("it is not")
		}
		return nil
	})
}
