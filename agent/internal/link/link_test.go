package link_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"
)

const sysctl = "sysctl_hardening"

// has is for Wait.
func has(a *fakeappliance.Appliance, status compliancev1.Status) func() bool {
	return func() bool { return a.Verdict(sysctl).GetStatus() == status }
}

const (
	pass = compliancev1.Status_STATUS_PASS
	fail = compliancev1.Status_STATUS_FAIL
)

func TestADriftIsReportedHealedAndReportedAgain(t *testing.T) {
	a := fakeappliance.New(t)
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	r.configure("60-osiris.conf", "kernel.kptr_restrict = 0\n")
	a.Wait(t, "the drift", has(a, fail))
	// From here on only the repair looks again: on a slow machine the schedule's next
	// round, 200 ms later, found the mended file first.
	a.PushPolicy(func(p *trustv1.Policy) { p.CheckIntervalMs = uint32(time.Hour.Milliseconds()) })
	id := fakeappliance.Random(16)
	a.Order(a.Command(id))
	a.Wait(t, "the result", func() bool { return a.Result(id) != nil })
	a.Locked(func() {
		result := a.Result(id)
		if result.Outcome != compliancev1.Outcome_OUTCOME_HEALED || result.After.GetStatus() != pass || result.Before.GetStatus() != fail {
			t.Errorf("the result is %v", result)
		}
		var phases []string
		for _, p := range result.Phases {
			phases = append(phases, p.Phase)
		}
		if len(phases) != 4 {
			t.Errorf("phases = %q; want detect, snapshot, remediate, verify", phases)
		}
	})
	a.Wait(t, "the resolution", has(a, pass))
	a.Locked(func() {
		if v := a.Verdict(sysctl); v.Cause != "heal" {
			t.Errorf("cause = %q; want heal", v.Cause)
		}
	})
	if r.configured("60-osiris.conf") == "kernel.kptr_restrict = 0\n" {
		t.Error("the file was not healed")
	}
}

func TestWhatCannotBeHealedIsRolledBackAndSaysWhy(t *testing.T) {
	a := fakeappliance.New(t)
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	before := r.configured("60-osiris.conf")
	r.configure("99-local.conf", "kernel.dmesg_restrict = 0\n")
	a.Wait(t, "the drift", has(a, fail))
	id := fakeappliance.Random(16)
	a.Order(a.Command(id))
	a.Wait(t, "the result", func() bool { return a.Result(id) != nil })
	a.Locked(func() {
		result := a.Result(id)
		if result.Outcome != compliancev1.Outcome_OUTCOME_ROLLED_BACK {
			t.Errorf("outcome = %v; want rolled back", result.Outcome)
		}
		if !contains(result.Message, "99-local.conf") {
			t.Errorf("message = %q; it does not name the file", result.Message)
		}
	})
	if after := r.configured("60-osiris.conf"); after != before {
		t.Errorf("the file is %q; want %q", after, before)
	}
}

// toggle changes the file until n more records were taken.
func toggle(t *testing.T, a *fakeappliance.Appliance, r *rig, n int) {
	t.Helper()
	for i := range n {
		want := pass
		if i%2 == 0 {
			want = fail
			r.configure("60-osiris.conf", "kernel.kptr_restrict = 0\n")
		} else {
			r.configure("60-osiris.conf", hardened)
		}
		a.Wait(t, "a change", has(a, want))
	}
}

// expectUnbroken checks that every queue's records came in order, each sequence
// once or in a gap.
func expectUnbroken(t *testing.T, a *fakeappliance.Appliance) {
	t.Helper()
	a.Locked(func() {
		next := map[string]uint64{}
		for _, r := range a.Accepted() {
			from := r.Key.Seq
			if gap := r.Record.GetGap(); gap != nil {
				from = gap.From
			}
			if from > next[r.Key.QueueID]+1 {
				t.Errorf("sequence %d follows %d", from, next[r.Key.QueueID])
			}
			next[r.Key.QueueID] = r.Key.Seq
		}
	})
}

func TestRecordsArriveInOrderWhateverHappensToTheLink(t *testing.T) {
	a := fakeappliance.New(t)
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	for range 4 {
		toggle(t, a, r, 2)
		a.Drop()
		toggle(t, a, r, 2)
		addr := a.Addr()
		a.Stop()
		r.configure("60-osiris.conf", "kernel.kptr_restrict = 0\n")
		a.Start(t, addr)
		a.Wait(t, "what happened meanwhile", has(a, fail))
		r.configure("60-osiris.conf", hardened)
		a.Wait(t, "the resolution", has(a, pass))
	}
	expectUnbroken(t, a)
}

func TestLostAcksDoNotDoubleRecords(t *testing.T) {
	a := fakeappliance.New(t)
	a.Behave(func(b *fakeappliance.Behaviour) { b.DropAcks = true })
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	toggle(t, a, r, 3)
	a.Behave(func(b *fakeappliance.Behaviour) { b.DropAcks = false })
	a.Drop()
	a.Wait(t, "a second session", func() bool { return a.Sessions() >= 2 })
	toggle(t, a, r, 2)
	expectUnbroken(t, a)
	a.Locked(func() {
		seen := map[fakeappliance.Key]bool{}
		for _, r := range a.Accepted() {
			if seen[r.Key] {
				t.Errorf("record %d came twice", r.Key.Seq)
			}
			seen[r.Key] = true
		}
	})
	if first, next := r.queue.First(), r.queue.Next(); next-first > 1 {
		t.Errorf("the queue still holds %d to %d", first, next)
	}
}

func TestAGapAnswerIsFollowedByTheRecordsFromThere(t *testing.T) {
	a := fakeappliance.New(t)
	a.Behave(func(b *fakeappliance.Behaviour) { b.GapAnswers = 3 })
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	toggle(t, a, r, 3)
	expectUnbroken(t, a)
	a.Locked(func() {
		if a.Sessions() != 1 {
			t.Errorf("it took %d sessions; want 1", a.Sessions())
		}
	})
}

func TestAnApplianceRestoredFromABackupGetsAGapAndTheTruth(t *testing.T) {
	a := fakeappliance.New(t)
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	toggle(t, a, r, 5) // ends with a failure
	for r.queue.First() < r.queue.Next() {
		time.Sleep(time.Millisecond) // the last acknowledgement is on its way
	}
	kept := 0
	a.Locked(func() { kept = len(a.Accepted()) - 3 })
	addr := a.Addr()
	a.Stop()
	a.Restore(kept)
	a.Start(t, addr)
	a.Wait(t, "the gap", func() bool {
		for _, r := range a.Accepted() {
			if r.Record.GetGap().GetReason() == "appliance_behind" && r.Record.GetGap().GetCount() == 3 {
				return true
			}
		}
		return false
	})
	a.Wait(t, "the state report", func() bool {
		for _, r := range a.Accepted()[kept:] {
			if s := r.Record.GetState(); s != nil && s.Cause == "new_store" {
				return true
			}
		}
		return false
	})
	a.Wait(t, "the truth", has(a, fail))
	expectUnbroken(t, a)
}

func TestAQueueFileFromAnOldCopyGetsANewID(t *testing.T) {
	a := fakeappliance.New(t)
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	toggle(t, a, r, 2)
	r.stop()
	old := readAll(t, r.data)
	r.start(a)
	toggle(t, a, r, 4)
	r.stop()
	writeAll(t, r.data, old)
	r.configure("60-osiris.conf", "kernel.kptr_restrict = 0\n") // what the old copy has not seen
	r.start(a)
	a.Wait(t, "a second queue", func() bool {
		queues := map[string]bool{}
		for _, r := range a.Accepted() {
			queues[r.Key.QueueID] = true
		}
		return len(queues) == 2
	})
	a.Wait(t, "the truth", has(a, fail))
	expectUnbroken(t, a)
}

func TestANewerSessionSupersedesAnOlder(t *testing.T) {
	a := fakeappliance.New(t)
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	for range 3 {
		a.Drop()
	}
	a.Wait(t, "another session", func() bool { return a.Sessions() >= 2 })
	toggle(t, a, r, 2)
	a.Locked(func() {
		if a.Resumed() == 0 {
			t.Error("no TLS session was resumed")
		}
	})
}

func TestAPolicyCountsAtOnceAndAnOlderOneIsRefused(t *testing.T) {
	a := fakeappliance.New(t)
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	oldChain := a.Chain()
	a.ChangeDoc(func(*trustv1.TrustDoc) {})
	a.PushPolicy(func(p *trustv1.Policy) { p.Tier = trustv1.Tier_TIER_MONITOR_ONLY })
	r.configure("60-osiris.conf", "kernel.kptr_restrict = 0\n")
	a.Wait(t, "the drift", has(a, fail))
	// Messages of one session are taken in order: the policy is in force.
	id := fakeappliance.Random(16)
	a.Order(a.Command(id))
	a.Wait(t, "the refusal", func() bool { return a.Result(id).GetOutcome() == compliancev1.Outcome_OUTCOME_REFUSED })
	a.Send(&compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Policy{
		Policy: &compliancev1.PolicyUpdate{Trust: oldChain},
	}})
	a.Drop()
	a.Wait(t, "another session", func() bool { return a.Hello().GetTrustVersion() == 2 && a.Sessions() >= 2 })
	if trust, _ := r.policy.Versions(); trust != 2 {
		t.Errorf("trust document %d is held; want 2", trust)
	}
}

func TestACommandRunsToItsEndWithoutALink(t *testing.T) {
	a := fakeappliance.New(t)
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	r.configure("60-osiris.conf", "kernel.kptr_restrict = 0\n")
	a.Wait(t, "the drift", has(a, fail))
	addr, id := a.Addr(), fakeappliance.Random(16)
	command := a.Command(id)
	a.Order(command)
	a.Stop() // the command may have arrived, or not
	a.Start(t, addr)
	a.Wait(t, "another session", func() bool { return a.Sessions() >= 2 })
	a.Order(a.Command(id)) // redelivered, bound to the new session
	a.Wait(t, "the result", func() bool { return a.Result(id).GetOutcome() == compliancev1.Outcome_OUTCOME_HEALED })
	a.Wait(t, "the resolution", has(a, pass))
}

func TestABadCommandIsAnsweredAndTheSessionGoesOn(t *testing.T) {
	a := fakeappliance.New(t)
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	id := fakeappliance.Random(16)
	a.SendCommand(fakeappliance.Seal(a.Online, signed.Command, a.Command(id)))
	a.Wait(t, "the refusal", func() bool { return a.Result(id).GetOutcome() == compliancev1.Outcome_OUTCOME_REFUSED })
	toggle(t, a, r, 2)
	a.Locked(func() {
		if a.Sessions() != 1 {
			t.Errorf("it took %d sessions; want 1", a.Sessions())
		}
	})
}

func TestHeartbeatsCarryTheDigestAndAStateIsSentWhenAsked(t *testing.T) {
	a := fakeappliance.New(t)
	a.Behave(func(b *fakeappliance.Behaviour) { b.Heartbeat = time.Second })
	newRig(t, a)
	a.Wait(t, "two heartbeats", func() bool { return a.Beats() >= 2 })
	a.Send(&compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_StateRequest{StateRequest: &compliancev1.StateRequest{}}})
	a.Wait(t, "the state report", func() bool {
		for _, r := range a.Accepted() {
			if r.Record.GetState().GetCause() == "requested" {
				return true
			}
		}
		return false
	})
}

func TestACertificatePastHalfItsLifeIsRenewed(t *testing.T) {
	a := fakeappliance.New(t)
	a.AgentLife = 90 * time.Second // issued a minute ago
	r := newRig(t, a)
	a.Wait(t, "the renewal", func() bool { return a.Renewals() >= 1 })
	a.Locked(func() { a.AgentLife = 30 * 24 * time.Hour })
	a.Wait(t, "the first verdict", has(a, pass))
	toggle(t, a, r, 2)
}

func TestAnExpiredCertificateIsRenewedFirst(t *testing.T) {
	a := fakeappliance.New(t)
	a.AgentLife = 30 * time.Second // issued a minute ago: expired at once
	a.Behave(func(*fakeappliance.Behaviour) {})
	newRigWith(t, a, func() { a.AgentLife = 30 * 24 * time.Hour })
	a.Wait(t, "the renewal", func() bool { return a.Renewals() == 1 })
	a.Wait(t, "the first verdict", has(a, pass))
}

func TestADoubtfulClockReportsButDoesNotHeal(t *testing.T) {
	a := fakeappliance.New(t)
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	r.stop()
	a.ServerFrom, a.ServerTo = time.Now().Add(-20*time.Hour), time.Now().Add(-10*time.Hour)
	a.NewServerCertificate(t)
	r.configure("60-osiris.conf", "kernel.kptr_restrict = 0\n")
	r.start(a)
	a.Wait(t, "the drift", has(a, fail))
	a.Locked(func() {
		if !a.Hello().ClockSuspect {
			t.Error("hello does not say that the clock is in doubt")
		}
	})
	id := fakeappliance.Random(16)
	a.Order(a.Command(id))
	a.Wait(t, "the refusal", func() bool { return a.Result(id).GetOutcome() == compliancev1.Outcome_OUTCOME_REFUSED })
}

// TestAMisbehavingApplianceDoesNotMakeItSpin lets the fake misbehave and counts
// sessions: the pauses between them are logged, and none is zero.
func TestAMisbehavingApplianceDoesNotMakeItSpin(t *testing.T) {
	for name, change := range map[string]func(*fakeappliance.Behaviour){
		"it welcomes and hangs up":        func(b *fakeappliance.Behaviour) { b.CloseAtOnce = true },
		"it takes us for another":         func(b *fakeappliance.Behaviour) { b.WrongAgentID = true },
		"it acknowledges what was not":    func(b *fakeappliance.Behaviour) { b.AckAhead = true },
		"it floods us":                    func(b *fakeappliance.Behaviour) { b.Flood = true },
		"it never takes what it asks for": func(b *fakeappliance.Behaviour) { b.GapAnswers = 1 << 30 },
	} {
		t.Run(name, func(t *testing.T) {
			a := fakeappliance.New(t)
			a.Behave(change)
			r := newRig(t, a)
			a.Wait(t, "three sessions", func() bool { return a.Sessions() >= 3 })
			r.stop()
			if strings.Contains(r.log.String(), "retry_in=0s") {
				t.Error("it called again at once")
			}
			if n := strings.Count(r.log.String(), "disconnected"); n < 2 {
				t.Errorf("%d sessions were given up", n)
			}
			if records := r.queueLength(); records > 20 {
				t.Errorf("the queue grew to %d records", records)
			}
		})
	}
}

func TestItStopsAtOnceWhileTheApplianceIsAway(t *testing.T) {
	a := fakeappliance.New(t)
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	a.Stop()
	before := runtime.NumGoroutine()
	r.stop() // hangs the test if something does not end
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines after stopping, %d before", after, before)
	}
}
