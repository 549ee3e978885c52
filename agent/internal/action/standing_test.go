package action_test

import (
	"context"
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

// away is a link that ended at a moment.
type away struct {
	since   time.Time
	suspect bool
}

func (a *away) Away() time.Duration {
	if a.since.IsZero() {
		return 0
	}
	return time.Since(a.since)
}

func (a *away) ClockSuspect() bool { return a.suspect }

// standingRun runs the agent's healing for a while in a bubble of its own clock.
func standingRun(t *testing.T, set func(h *host, link *away, p *trustv1.Policy), d time.Duration, then func(h *host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		link := &away{since: time.Now()}
		h.authority.ChangePolicy(func(p *trustv1.Policy) {
			p.StandingRunbooks = []string{harden}
			set(h, link, p)
		})
		h.apply()
		standing := &action.Standing{
			Runner: h.runner, Orders: h.policy, Connection: link, AgentID: func() string { return fakeappliance.AgentID },
			Failing: func(check.ID) bool { return strings.Contains(h.content("60-osiris.conf"), "kptr_restrict = 0") },
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 2)
		go func() { ended <- h.runner.Run(ctx) }()
		go func() { ended <- standing.Run(ctx) }()
		time.Sleep(d)
		synctest.Wait()
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		then(h)
	})
}

func TestAStandingOrderHealsWithoutALink(t *testing.T) {
	standingRun(t, func(*host, *away, *trustv1.Policy) {}, 5*time.Minute, func(h *host) {
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
		set  func(h *host, link *away, p *trustv1.Policy)
	}{
		{"no order names the runbook", func(_ *host, _ *away, p *trustv1.Policy) { p.StandingRunbooks = []string{"linux.other"} }},
		{"there is a session", func(_ *host, l *away, _ *trustv1.Policy) { l.since = time.Time{} }},
		{"the session has only just ended", func(_ *host, l *away, _ *trustv1.Policy) { l.since = time.Now().Add(4 * time.Minute) }},
		{"the tier allows no changes", func(_ *host, _ *away, p *trustv1.Policy) { p.Tier = trustv1.Tier_TIER_MONITOR_ONLY }},
		{"the policy has expired", func(_ *host, _ *away, p *trustv1.Policy) { p.ExpiresMs = time.Now().Add(time.Second).UnixMilli() }},
		{"the clock is in doubt", func(_ *host, l *away, _ *trustv1.Policy) { l.suspect = true }},
		{"the check passes", func(h *host, _ *away, _ *trustv1.Policy) { h.configure("60-osiris.conf", "# fine") }},
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
	set := func(h *host, _ *away, _ *trustv1.Policy) {
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
	set := func(h *host, _ *away, _ *trustv1.Policy) {
		h.configure("99-local.conf", "kernel.dmesg_restrict = 0\n")
	}
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		link := &away{since: time.Now()}
		h.authority.ChangePolicy(func(p *trustv1.Policy) { p.StandingRunbooks = []string{harden} })
		h.apply()
		set(h, link, nil)
		for range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			standing := &action.Standing{
				Runner: h.runner, Orders: h.policy, Connection: link, AgentID: func() string { return fakeappliance.AgentID },
				Failing: func(check.ID) bool { return true },
			}
			ended := make(chan error, 2)
			go func() { ended <- h.runner.Run(ctx) }()
			go func() { ended <- standing.Run(ctx) }()
			time.Sleep(5 * time.Minute)
			synctest.Wait()
			cancel()
			<-ended
			<-ended
			h.close()
			h.open(action.List())
		}
		if r := h.only(); r.Outcome != rolledBack {
			t.Errorf("the result is %v", r)
		}
	})
}
