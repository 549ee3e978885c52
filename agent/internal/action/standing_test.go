//go:build linux

package action_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/agent/internal/action"
	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/check"
)

const harden = "linux.sysctl.harden"

// orders is a link that says what stands.
type orders struct {
	h       *host
	none    bool
	suspect bool
}

func (o *orders) Standing(runbook string, id check.ID) (*action.Session, uint64) {
	version, ok := o.h.policy.Stands(runbook)
	if o.none || !ok || id != check.SysctlHardening {
		return nil, 0
	}
	return &action.Session{AgentID: fakeappliance.AgentID, ClockSuspect: o.suspect}, version
}

// standingRun runs the agent's healing for a while in a bubble of its own clock.
func standingRun(t *testing.T, set func(h *host, o *orders, p *trustv1.Policy), d time.Duration, then func(h *host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		o := &orders{h: h}
		h.authority.ChangePolicy(func(p *trustv1.Policy) {
			p.StandingRunbooks = []string{harden}
			set(h, o, p)
		})
		h.apply()
		h.stand(o, d)
		then(h)
	})
}

func TestAStandingOrderHealsWithoutALink(t *testing.T) {
	standingRun(t, func(*host, *orders, *trustv1.Policy) {}, 5*time.Minute, func(h *host) {
		r := h.only()
		if r.Outcome != healed || phases(r) != "standing_order detect snapshot remediate verify " {
			t.Errorf("the result is %v", r)
		}
		if len(r.CommandId) != 16 || r.RunbookId != harden || r.IncidentId != "" || !strings.Contains(r.Phases[0].Detail, "policy 2 names") {
			t.Errorf("the result does not say whose order it was: %v", r)
		}
		if !strings.Contains(h.content("60-osiris.conf"), "kernel.kptr_restrict = 1\n") {
			t.Errorf("the file is %q", h.content("60-osiris.conf"))
		}
	})
}

func TestWithoutALinkNothingElseIsHealed(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(h *host, o *orders, p *trustv1.Policy)
	}{
		{"no order names the runbook", func(_ *host, _ *orders, p *trustv1.Policy) { p.StandingRunbooks = []string{"linux.other"} }},
		{"the link says no", func(_ *host, o *orders, _ *trustv1.Policy) { o.none = true }},
		{"the tier allows no changes", func(_ *host, _ *orders, p *trustv1.Policy) { p.Tier = trustv1.Tier_TIER_MONITOR_ONLY }},
		{"the policy has expired", func(_ *host, _ *orders, p *trustv1.Policy) { p.ExpiresMs = time.Now().Add(time.Second).UnixMilli() }},
		{"the clock is in doubt", func(_ *host, o *orders, _ *trustv1.Policy) { o.suspect = true }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			standingRun(t, tt.set, 5*time.Minute, func(h *host) {
				if results := h.results(); len(results) != 0 {
					t.Errorf("it did something: %v", results)
				}
			})
		})
	}
}

func TestAStandingOrderThatDoesNotHelpIsTriedOnceAnHour(t *testing.T) {
	// Another file overrides ours, so verify fails and the file is rolled back.
	set := func(h *host, _ *orders, _ *trustv1.Policy) {
		h.configure("99-local.conf", "kernel.dmesg_restrict = 0\n")
	}
	standingRun(t, set, 3*time.Hour-time.Minute, func(h *host) {
		results := h.results()
		for _, r := range results {
			if r.Outcome != rolledBack {
				t.Errorf("the result is %v", r)
			}
		}
		if len(results) != 3 { // a bubble's clock starts on the hour
			t.Errorf("it was tried %d times in three hours", len(results))
		}
	})
}

func TestARestartDoesNotRepeatAStandingOrder(t *testing.T) {
	set := func(h *host, _ *orders, _ *trustv1.Policy) {
		h.configure("99-local.conf", "kernel.dmesg_restrict = 0\n")
	}
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		o := &orders{h: h}
		h.authority.ChangePolicy(func(p *trustv1.Policy) { p.StandingRunbooks = []string{harden} })
		h.apply()
		set(h, o, nil)
		for range 3 {
			h.stand(o, 5*time.Minute)
			h.close()
			h.open(action.List())
		}
		if r := h.only(); r.Outcome != rolledBack {
			t.Errorf("the result is %v", r)
		}
	})
}
