package link_test

import (
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// ahead is a build time that puts the agent's clock far behind the end of every
// certificate: it never takes less than its build time for now.
func ahead() int64 { return time.Now().AddDate(0, 3, 0).UnixMilli() }

func TestAClockThatIsMonthsAheadReportsAndDoesNotHealOrRenew(t *testing.T) {
	a := fakeappliance.New(t)
	r := newRigAt(t, a, &rig{builtMs: ahead()})
	a.Wait(t, "the first verdict", has(a, pass))
	r.configure("60-osiris.conf", "kernel.kptr_restrict = 0\n")
	a.Wait(t, "the drift", has(a, fail))
	id := fakeappliance.Random(16)
	a.Order(a.Command(id))
	a.Wait(t, "the refusal", func() bool { return a.Result(id).GetOutcome() == compliancev1.Outcome_OUTCOME_REFUSED })
	a.Locked(func() {
		if !a.Hello().GetClockSuspect() || a.Renewals() != 0 || a.Sessions() != 1 {
			t.Errorf("clock_suspect %v, %d renewals, %d sessions; want true, none, one", a.Hello().GetClockSuspect(), a.Renewals(), a.Sessions())
		}
	})
}

func TestWithADoubtfulClockTheApplianceSaysThatACertificateHasExpired(t *testing.T) {
	a := fakeappliance.New(t)
	a.AgentLife = 30 * time.Second // issued a minute ago: expired at once
	newRigAt(t, a, &rig{builtMs: ahead(), enrolled: func() { a.AgentLife = 30 * 24 * time.Hour }})
	a.Wait(t, "the renewal", func() bool { return a.Renewals() == 1 })
	a.Wait(t, "the first verdict", has(a, pass))
}
