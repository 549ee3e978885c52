package link_test

import (
	"testing"

	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

const sysctl = "sysctl_hardening"

// isFail and isPass are for Wait.
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
