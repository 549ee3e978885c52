package link_test

import (
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/check"
)

func TestAStandingOrderNeedsAPolicyAFailureAndTimeWithoutASession(t *testing.T) {
	const harden = "linux.sysctl.harden"
	a := fakeappliance.New(t)
	a.ChangePolicy(func(p *trustv1.Policy) { p.StandingRunbooks = []string{harden} })
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	r.configure("60-osiris.conf", "kernel.kptr_restrict = 0\n")
	a.Wait(t, "the drift", has(a, fail))
	if s, _ := r.link.Standing(harden, check.SysctlHardening); s != nil {
		t.Error("with an open session a standing order stands")
	}
	r.stop()
	for _, tt := range []struct {
		name    string
		lost    time.Duration
		runbook string
		check   check.ID
		want    bool
	}{
		{"long enough without a session", 3 * time.Minute, harden, check.SysctlHardening, true},
		{"the appliance may be restarting", time.Minute, harden, check.SysctlHardening, false},
		{"a session is open", 0, harden, check.SysctlHardening, false},
		{"the policy names another runbook", time.Hour, "linux.other", check.SysctlHardening, false},
		{"another check, which does not fail", time.Hour, harden, check.DiskSpace, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.link.LostFor(tt.lost)
			s, version := r.link.Standing(tt.runbook, tt.check)
			if (s != nil) != tt.want {
				t.Fatalf("Standing = %+v, %d; want one: %v", s, version, tt.want)
			}
			if s != nil && (s.AgentID != fakeappliance.AgentID || version == 0 || s.ClockSuspect) {
				t.Errorf("Standing = %+v, %d; want the agent's id and the policy's version", s, version)
			}
		})
	}
}
