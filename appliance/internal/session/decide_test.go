package session_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/bundle"
)

// decider is what another process makes to decide beside a running appliance.
func decider(t *testing.T, a *rehearsal.Appliance) *enroll.Enroll {
	t.Helper()
	e, err := enroll.New(t.Context(), enroll.Deps{
		SiteID: rehearsal.SiteID, ApplianceID: rehearsal.ApplianceID, Version: "rehearsal", Store: a.Store,
		Policy: a.Policy, Drafts: outbox.Add, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// decided waits until the running appliance has noticed.
func decided(t *testing.T, a *rehearsal.Appliance, done func() bool) {
	t.Helper()
	late := time.After(patience)
	for {
		changed := a.Enroll.Changed()
		if done() {
			return
		}
		select {
		case <-changed:
		case <-late:
			t.Fatal("the running appliance never noticed the decision")
		}
	}
}

func pending(t *testing.T, a *rehearsal.Appliance) *rehearsal.Agent {
	t.Helper()
	text, err := enroll.NewToken(t.Context(), a.Store, enroll.Token{Kind: enroll.Rollout, Tier: 1, Count: 1, Valid: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	m := machine(t)
	if _, err := m.Register(t.Context(), dial(t, m, a), text); err != nil {
		t.Fatal(err)
	}
	return m
}

func find(t *testing.T, a *rehearsal.Appliance, id string) enroll.Agent {
	t.Helper()
	all, err := enroll.List(t.Context(), a.Store)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if one.ID == id {
			return one
		}
	}
	t.Fatalf("List = %+v; want %s in it", all, id)
	return enroll.Agent{}
}

func TestAPendingAgentWaitsForAPerson(t *testing.T) {
	a := start(t)
	free, m := enrolled(t, a), pending(t, a)
	if got := find(t, a, m.ID); got.State() != "pending" || got.Hostname != "ws01" || got.Cap != 1 {
		t.Errorf("List = %+v; want ws01 pending, at most tier 1", got)
	}
	e := decider(t, a)
	yes := enroll.Decision{AgentID: m.ID, Person: "alice", Reason: "it is the new computer of room 3"}
	for name, test := range map[string]struct {
		d    enroll.Decision
		want error
	}{
		"an agent that there is not": {enroll.Decision{AgentID: "ag_x", Person: "alice", Reason: "x"}, enroll.ErrUnknown},
		"an agent that is free":      {enroll.Decision{AgentID: free.ID, Person: "alice", Reason: "x"}, enroll.ErrFree},
		"no reason":                  {enroll.Decision{AgentID: m.ID, Person: "alice"}, nil},
	} {
		if err := e.Approve(t.Context(), test.d); err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("Approve of %s = %v; want %v", name, err, test.want)
		}
	}
	if err := e.Release(t.Context(), yes); !errors.Is(err, enroll.ErrFree) {
		t.Errorf("Release of a pending agent = %v; want ErrFree: waiting is no quarantine", err)
	}
	if err := e.Approve(t.Context(), yes); err != nil {
		t.Fatal(err)
	}
	decided(t, a, func() bool { return a.Enroll.TierOf(m.ID, time.Now().UnixMilli()) == 1 })
	if got := find(t, a, m.ID); got.State() != "free" {
		t.Errorf("List after the approval = %+v", got)
	}
	evidence(t, a, "approval/"+m.ID, "approved by alice", yes.Reason)
}

// evidence waits for a bundle and checks that its summary says all this.
func evidence(t *testing.T, a *rehearsal.Appliance, key string, says ...string) {
	t.Helper()
	id, err := bundle.RawID(bundle.IDOf(key))
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, _, changed := a.Evidence.Size()
		row, err := a.Evidence.Get(t.Context(), id)
		if err == nil {
			b, err := bundle.Decode(row.Bundle)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range says {
				if !strings.Contains(b.Summary, s) {
					t.Errorf("the evidence says %q; want %q in it", b.Summary, s)
				}
			}
			return
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatal("the decision was never logged")
		}
	}
}

func TestAnApprovalOutlivesAnOlderCopyOfTheState(t *testing.T) {
	var m *rehearsal.Agent
	a := older(t, nothing, func(a *rehearsal.Appliance) {
		m = pending(t, a)
		if err := decider(t, a).Approve(t.Context(), enroll.Decision{AgentID: m.ID, Person: "alice", Reason: "seen"}); err != nil {
			t.Fatal(err)
		}
		evidence(t, a, "enrolment/"+m.ID)
		evidence(t, a, "approval/"+m.ID)
	})
	connect(t, m, a, 1)
	if tier := a.Enroll.TierOf(m.ID, time.Now().UnixMilli()); tier != 1 {
		t.Errorf("tier of an approved agent after a restore = %s; want SELF_HEAL", tier)
	}
}

// renewed gives the machine its next certificate, for a new key.
func renewed(t *testing.T, a *rehearsal.Appliance, m *rehearsal.Agent) error {
	t.Helper()
	next, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.Renew(t.Context(), dial(t, m, a), next)
	if err == nil {
		m.Key, m.Certificate = next, out.GetCertificate()
	}
	return err
}

func TestAfterACloneWasReleasedOnlyTheNewestCertificateCounts(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	cloned := *m
	cloned.QueueID = rehearsal.Random()
	if err := renewed(t, a, m); err != nil {
		t.Fatal(err)
	}
	live := connect(t, &cloned, a, 1) // nobody knows yet
	wants(t, "the copy's renewal", renewed(t, a, &cloned), codes.PermissionDenied, "quarantine")
	if got := find(t, a, m.ID); got.State() != "clone" {
		t.Errorf("List = %+v; want a clone", got)
	}
	e := decider(t, a)
	if err := e.Approve(t.Context(), enroll.Decision{AgentID: m.ID, Person: "alice", Reason: "x"}); !errors.Is(err, enroll.ErrFree) {
		t.Errorf("Approve of a clone = %v; want ErrFree: an approval is no verdict on clones", err)
	}
	if err := e.Release(t.Context(), enroll.Decision{AgentID: m.ID, Person: "alice", Reason: "the copy was wiped"}); err != nil {
		t.Fatal(err)
	}
	decided(t, a, func() bool { return a.Enroll.TierOf(m.ID, time.Now().UnixMilli()) == 1 })
	t.Run("the copy's live session ends", func(t *testing.T) {
		if _, err := live.Ack(); err == nil {
			t.Error("it stayed open")
		}
	})
	t.Run("the copy opens no other", func(t *testing.T) {
		c := dial(t, &cloned, a)
		_, err := cloned.Connect(t.Context(), c, 1)
		wants(t, "Connect", err, codes.PermissionDenied, "enrol again")
		_, err = c.ReportDrift(t.Context(), &compliancev1.ReportDriftRequest{Hello: cloned.Hello(1)})
		wants(t, "ReportDrift", err, codes.PermissionDenied, "enrol again")
	})
	t.Run("the other goes on, also after its next renewal", func(t *testing.T) {
		connect(t, m, a, 1)
		if err := renewed(t, a, m); err != nil {
			t.Fatal(err)
		}
		connect(t, m, a, 1)
		if tier := a.Enroll.TierOf(m.ID, time.Now().UnixMilli()); tier != 1 {
			t.Errorf("tier = %s; want SELF_HEAL", tier)
		}
	})
	t.Run("the copy's next renewal is a clone again", func(t *testing.T) {
		wants(t, "Renew", renewed(t, a, &cloned), codes.PermissionDenied, "quarantine")
		if !a.Enroll.Held(m.ID) {
			t.Error("the agent is not held")
		}
	})
}
