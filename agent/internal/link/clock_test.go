package link_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	"github.com/osiriscare/osiris/agent/internal/link"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// ahead is a build time that puts the agent's clock far behind the end of every
// certificate: it never takes less than its build time for now.
func ahead() int64 { return time.Now().AddDate(0, 3, 0).UnixMilli() }

func TestAClockThatIsMonthsAheadReportsAndDoesNotHealOrRenew(t *testing.T) {
	a := fakeappliance.New(t)
	r := newRigAt(t, a, &rig{builtMs: ahead()})
	a.Wait(t, "the first verdict", has(a, pass))
	if ms, known := r.link.Behind(); !known || max(ms, -ms) > 2000 {
		t.Errorf("Behind = %d, %v; want what the appliance of the same machine told, also in doubt", ms, known)
	}
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

func TestAWelcomeTellsTheTimeForHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l link.Link
		if _, known := l.Behind(); known {
			t.Error("the time is known before a welcome")
		}
		link.Tell(&l, time.Now().Add(2*time.Hour).UnixMilli(), time.Second)
		time.Sleep(5 * time.Hour)
		if ms, known := l.Behind(); !known || ms != 7_200_500 {
			t.Errorf("Behind = %d, %v; want two hours and half of what the answer took", ms, known)
		}
		link.Tell(&l, time.Now().UnixMilli(), 3*time.Second)
		if ms, _ := l.Behind(); ms != 7_200_500 {
			t.Errorf("Behind after a slow welcome = %d; want what was told before", ms)
		}
		link.Tell(&l, 0, 0)
		if ms, _ := l.Behind(); ms != 7_200_500 {
			t.Errorf("Behind after a welcome without a time = %d; want what was told before", ms)
		}
		time.Sleep(time.Hour + time.Second)
		if _, known := l.Behind(); known {
			t.Error("the time is known six hours after the welcome")
		}
	})
}

func TestAClockThatWasSetSinceTheWelcomeIsNotMeasuredByIt(t *testing.T) {
	var l link.Link
	link.Tell(&l, time.Now().UnixMilli(), 0)
	for jump, want := range map[time.Duration]bool{0: true, 3 * time.Second: true, 8 * time.Hour: false, -time.Hour: false} {
		link.Slept(&l, jump)
		if _, known := l.Behind(); known != want {
			t.Errorf("after a jump of %s the time is known: %v; want %v", jump, known, want)
		}
		link.Slept(&l, -jump)
	}
}
