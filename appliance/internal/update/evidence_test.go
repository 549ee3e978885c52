package update_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/update"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/release/releasetest"
)

func TestWhatAgentsTellIsEvidenceOnce(t *testing.T) {
	const trial = compliancev1.UpdateState_UPDATE_STATE_TRIAL
	r := newRig(t, update.Config{Halt: update.Halt{Count: 9, Percent: 2}})
	r.publish(program)
	r.ask("ag_1", 1000, nil)
	r.evidence(0)
	for range 3 { // an agent on trial asks every second
		r.ask("ag_1", 2000, outcome(trial))
	}
	if b := r.evidence(1); b.Kind != bundle.KindObservation || b.Outcome != bundle.OutcomeNone || b.HostID != "h_ag_1" || b.AgentID != "ag_1" || b.Source != "agent" {
		t.Errorf("of a trial: %+v", b)
	}
	for range 2 {
		r.ask("ag_1", 2000, outcome(installed))
	}
	if b := r.evidence(2); b.Outcome != bundle.OutcomeSuccess || !strings.Contains(b.Summary, "proved") || b.PostState["agent_version"] != "1.0.0" {
		t.Errorf("of an installation: %+v", b)
	}
	crashed := outcome(rolledBack)
	crashed.Reason = "it was started 4 times without proving itself"
	for range 2 {
		r.ask("ag_2", 1000, crashed)
	}
	b := r.evidence(3)
	if b.Outcome != bundle.OutcomeReverted || !strings.Contains(b.Summary, "4 times") || b.PostState["reason"] != crashed.GetReason() {
		t.Errorf("of a crash loop: %+v", b)
	}
	// It is tried again, and fails again: two more.
	r.ask("ag_2", 2000, outcome(trial))
	r.evidence(4)
	crashed.Failures = 2
	r.ask("ag_2", 1000, crashed)
	if b := r.evidence(5); b.PostState["failures"] != "2" {
		t.Errorf("of the second crash loop: %+v", b)
	}
	tampered := outcome(compliancev1.UpdateState_UPDATE_STATE_FAILED)
	tampered.Reason = "the program is not the one that was signed"
	r.ask("ag_3", 1000, tampered)
	if b := r.evidence(6); b.Outcome != bundle.OutcomeFailed || !strings.Contains(b.Summary, "not the one that was signed") {
		t.Errorf("of a tampered program: %+v", b)
	}
}

func TestAnAgentOnTrialAgainStillCountsAsFailed(t *testing.T) {
	r := newRig(t, update.Config{Halt: update.Halt{Count: 2, Percent: 2}, Rings: []update.Ring{{Percent: 100}}})
	r.publish(program)
	r.ask("ag_1", 1000, outcome(rolledBack))
	r.ask("ag_1", 2000, outcome(compliancev1.UpdateState_UPDATE_STATE_TRIAL))
	if got := r.ask("ag_2", 1000, nil); got.GetPath() == "" {
		t.Error("one failure has halted it; two are allowed for")
	}
	r.ask("ag_2", 1000, outcome(rolledBack))
	if got := r.ask("ag_3", 1000, nil); got.GetPath() != "" {
		t.Error("two failures have not halted it")
	}
}

func TestAHaltedRingAndARefusedFolderAreTrouble(t *testing.T) {
	r := newRig(t, update.Config{})
	trouble := func(halted int, refused string) {
		t.Helper()
		got, err := update.Troubles(t.Context(), r.store)
		if err != nil || got.Halted != halted || !strings.Contains(got.Refused, refused) || refused == "" && got.Refused != "" {
			t.Fatalf("Troubles = %+v, %v; want %d halted, refused %q", got, err, halted, refused)
		}
	}
	trouble(0, "")
	r.publish(program)
	r.ask("ag_1", 1000, outcome(rolledBack))
	r.evidence(2)
	trouble(1, "")
	b := r.drafts[1]
	if b.Kind != bundle.KindEscalation || b.Outcome != bundle.OutcomeAlert || !strings.Contains(b.Summary, "1.1.0 is halted in ring 1: 1 of 1") {
		t.Errorf("of the halt: %+v", b)
	}
	r.ask("ag_2", 1000, nil)
	r.evidence(2) // once
	r.vendor.Timestamp.ExpiresMs = 1
	r.vendor.Bump()
	r.publish(program)
	r.ask("ag_2", 1000, nil)
	r.ask("ag_2", 1000, nil)
	if b := r.evidence(3); b.Kind != bundle.KindEscalation || b.Outcome != bundle.OutcomeRejected || !strings.Contains(b.Summary, "expired") {
		t.Errorf("of the refusal: %+v", b)
	}
	trouble(1, "expired")
	r.vendor.Timestamp.ExpiresMs = releasetest.Far
	r.vendor.Bump()
	r.publish(program)
	r.ask("ag_2", 1000, nil)
	trouble(1, "")
}

func TestAnAgentCannotFloodTheEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, update.Config{Halt: update.Halt{Count: 9, Percent: 2}})
		r.publish(program)
		flood := func(n int) {
			for i := range n {
				o := outcome(installed)
				o.Sha256 = bytes.Repeat([]byte{byte(i)}, 32)
				o.Failures = uint32(i)
				r.ask("ag_1", 2000, o)
				r.ask("ag_1", 2000, outcome(rolledBack))
				r.ask("ag_1", 2000, outcome(installed))
			}
		}
		flood(100)
		r.evidence(16)
		time.Sleep(24 * time.Hour)
		last := outcome(rolledBack)
		last.Failures = 77
		r.ask("ag_1", 2000, last)
		if b := r.evidence(17); b.PostState["failures"] != "77" {
			t.Errorf("what it told a day later: %+v", b)
		}
		r.ask("ag_2", 2000, outcome(installed))
		r.evidence(18) // others are not held up
	})
}
