package session_test

import (
	"crypto/ecdsa"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/bundle"
)

// older runs an appliance, keeps a copy of its state, lets since happen, and
// starts it from the copy. Its evidence stays: Central gives that back.
func older(t *testing.T, before, since func(a *rehearsal.Appliance)) *rehearsal.Appliance {
	t.Helper()
	dir := t.TempDir()
	site, err := rehearsal.NewSite(dir)
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(dir, "state.db")
	run := func(do func(a *rehearsal.Appliance)) {
		a, err := rehearsal.Start(t.Context(), site, dir, rehearsal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		do(a)
		if err := a.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	run(before)
	kept, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	run(since)
	if err := os.WriteFile(state, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	return startIn(t, site, dir)
}

func nothing(*rehearsal.Appliance) {}

// enrolment waits for the evidence of it.
func enrolment(t *testing.T, a *rehearsal.Appliance, m *rehearsal.Agent) {
	t.Helper()
	id, err := bundle.RawID(bundle.IDOf("enrolment/" + m.ID))
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, _, changed := a.Evidence.Size()
		if _, err := a.Evidence.Get(t.Context(), id); err == nil {
			return
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatal("the enrolment was never logged")
		}
	}
}

func TestAnAgentThatEnrolledAfterTheCopyIsKnownAgain(t *testing.T) {
	m := machine(t)
	var host string
	a := older(t, nothing, func(a *rehearsal.Appliance) {
		if err := m.Enrol(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		h, _ := a.Hosts.Agent(m.ID)
		host = h.ID
		enrolment(t, a, m)
	})
	s := connect(t, m, a, 1)
	if err := s.Report(m.QueueID, rehearsal.Verdict(1, "disk_space", 1)); err != nil {
		t.Fatal(err)
	}
	ack(t, s, 1)
	if h, _ := a.Hosts.Agent(m.ID); h.ID != host || h.Hostname != "ws01" {
		t.Errorf("host = %+v; want %s again", h, host)
	}
	if a.Enroll.Held(m.ID) {
		t.Error("the agent is held; want what its token allowed")
	}
	if _, err := m.Renew(t.Context(), dial(t, m, a), nil); err != nil {
		t.Errorf("Renew = %v", err)
	}
}

func TestWithoutTheEvidenceOfItsEnrolmentAnAgentIsOnlyWatched(t *testing.T) {
	a := start(t)
	m := machine(t)
	m.ID = "ag_" + "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	m.Certificate = issue(t, a, m, yesterday(), yesterday().AddDate(0, 0, 30))
	s := connect(t, m, a, 1)
	if err := s.Report(m.QueueID, rehearsal.Verdict(1, "disk_space", 1)); err != nil {
		t.Fatal(err)
	}
	ack(t, s, 1)
	if !a.Enroll.Held(m.ID) || a.Enroll.TierOf(m.ID, yesterday().UnixMilli()) != trustlite.Tier_TIER_MONITOR_ONLY {
		t.Error("an agent of unknown standing may be healed; want monitor only")
	}
}

func TestAnAgentThatRenewedAfterTheCopyIsNoClone(t *testing.T) {
	m := machine(t)
	var first []byte
	a := older(t, func(a *rehearsal.Appliance) {
		if err := m.Enrol(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		age(t, a, m, yesterday(), yesterday().AddDate(0, 0, 30))
		first = m.Certificate
	}, func(a *rehearsal.Appliance) {
		next, err := m.Renew(t.Context(), dial(t, m, a), nil)
		if err != nil {
			t.Fatal(err)
		}
		m.Certificate = next.GetCertificate()
	})
	if _, err := m.Renew(t.Context(), dial(t, m, a), nil); err != nil {
		t.Errorf("Renew after the restore = %v; want a certificate", err)
	}
	m.Certificate = first
	_, err := m.Renew(t.Context(), dial(t, m, a), rehearsalKey(t))
	wants(t, "a renewal with the certificate from before", err, codes.PermissionDenied, "quarantine")
}

func yesterday() time.Time { return time.Now().AddDate(0, 0, -1) }

func rehearsalKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	return machine(t).Key
}
