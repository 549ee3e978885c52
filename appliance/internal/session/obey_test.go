package session_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"
)

const (
	approve = trustv1.AgentVerb_AGENT_VERB_APPROVE
	release = trustv1.AgentVerb_AGENT_VERB_RELEASE
)

// decision is what Central sends.
func decision(t *testing.T, key *signed.Key, c signed.Context, d *trustv1.AgentDecision) *trustv1.SignedEnvelope {
	t.Helper()
	if d.SiteId == "" {
		d.SiteId = rehearsal.SiteID
	}
	if d.Person == "" {
		d.Person = "carol"
	}
	d.Reason = "seen on the phone"
	payload, err := proto.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	e := key.Seal(c, payload)
	return &trustv1.SignedEnvelope{Payload: e.Payload, KeyId: e.KeyID[:], Signature: e.Signature}
}

func TestADecisionOfCentralCounts(t *testing.T) {
	a := start(t)
	m := pending(t, a)
	online := a.Site.Online
	yes := decision(t, online, signed.Decision, &trustv1.AgentDecision{Version: 100, AgentId: m.ID, Verb: approve})
	stranger, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]*trustv1.SignedEnvelope{
		"signed by a stranger":      decision(t, stranger, signed.Decision, &trustv1.AgentDecision{Version: 100, AgentId: m.ID, Verb: approve}),
		"signed as something else":  decision(t, online, signed.Policy, &trustv1.AgentDecision{Version: 100, AgentId: m.ID, Verb: approve}),
		"for another site":          decision(t, online, signed.Decision, &trustv1.AgentDecision{SiteId: "s_x", Version: 100, AgentId: m.ID, Verb: approve}),
		"with a version of no time": decision(t, online, signed.Decision, &trustv1.AgentDecision{Version: 1 << 63, AgentId: m.ID, Verb: approve}),
		"changed on the way":        {Payload: append([]byte{}, yes.GetPayload()[1:]...), KeyId: yes.GetKeyId(), Signature: yes.GetSignature()},
		"empty":                     {},
	} {
		if n, err := a.Enroll.Obey(t.Context(), []*trustv1.SignedEnvelope{e}); err == nil || n != 0 || a.Enroll.Hold(m.ID) != "pending" {
			t.Errorf("Obey of a decision %s = %d, %v, hold %q; want a refusal", name, n, err, a.Enroll.Hold(m.ID))
		}
	}
	// What has no effect is passed over, and does not stop what comes after it.
	all := []*trustv1.SignedEnvelope{
		decision(t, online, signed.Decision, &trustv1.AgentDecision{Version: 90, AgentId: "ag_x", Verb: approve}),
		decision(t, online, signed.Decision, &trustv1.AgentDecision{Version: 91, AgentId: m.ID, Verb: release}),
		decision(t, online, signed.Decision, &trustv1.AgentDecision{Version: 92, AgentId: m.ID, Verb: 77}),
		yes,
	}
	if n, err := a.Enroll.Obey(t.Context(), all); err != nil || n != 4 {
		t.Fatalf("Obey = %d, %v; want 4 taken", n, err)
	}
	if hold, tier := a.Enroll.Hold(m.ID), a.Enroll.TierOf(m.ID, time.Now().UnixMilli()); hold != "" || tier != 1 {
		t.Errorf("after the approval hold = %q, tier = %s; want free at tier 1", hold, tier)
	}
	evidence(t, a, "approval/"+m.ID, "approved by carol at Central (decision 100)", "seen on the phone")
	if version, err := a.Enroll.Decided(t.Context()); err != nil || version != 100 {
		t.Errorf("Decided = %d, %v; want 100", version, err)
	}
	if n, err := a.Enroll.Obey(t.Context(), all); err != nil || n != 0 {
		t.Errorf("Obey of the same again = %d, %v; want nothing taken", n, err)
	}
}

func TestAnOldReleaseDoesNotFreeALaterClone(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	cloned := *m
	if err := renewed(t, a, m); err != nil {
		t.Fatal(err)
	}
	_ = renewed(t, a, &cloned) // its refusal is TestAfterAClone...'s
	one := decision(t, a.Site.Online, signed.Decision, &trustv1.AgentDecision{Version: 100, AgentId: m.ID, Verb: release})
	if n, err := a.Enroll.Obey(t.Context(), []*trustv1.SignedEnvelope{one}); err != nil || n != 1 || a.Enroll.Hold(m.ID) != "" {
		t.Fatalf("Obey = %d, %v, hold %q; want the agent released", n, err, a.Enroll.Hold(m.ID))
	}
	_ = renewed(t, a, &cloned)
	if a.Enroll.Hold(m.ID) != "clone" {
		t.Fatal("the copy's next renewal is no clone")
	}
	if n, err := a.Enroll.Obey(t.Context(), []*trustv1.SignedEnvelope{one}); err != nil || n != 0 || a.Enroll.Hold(m.ID) != "clone" {
		t.Errorf("Obey of the old release = %d, %v, hold %q; want the clone still held", n, err, a.Enroll.Hold(m.ID))
	}
}

func TestAnApprovalThatCameBeforeTheAgentIsRemembered(t *testing.T) {
	var m *rehearsal.Agent
	a := older(t, nothing, func(a *rehearsal.Appliance) {
		m = pending(t, a)
		evidence(t, a, "enrolment/"+m.ID)
	})
	e := decision(t, a.Site.Online, signed.Decision, &trustv1.AgentDecision{Version: 100, AgentId: m.ID, Verb: approve})
	if n, err := a.Enroll.Obey(t.Context(), []*trustv1.SignedEnvelope{e}); err != nil || n != 1 {
		t.Fatalf("Obey = %d, %v; want it kept", n, err)
	}
	connect(t, m, a, 1)
	if tier := a.Enroll.TierOf(m.ID, time.Now().UnixMilli()); tier != 1 {
		t.Errorf("tier of an agent approved while it was not known = %s; want SELF_HEAL", tier)
	}
}
