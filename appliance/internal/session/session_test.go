package session_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// patience bounds what would otherwise hang; no verdict depends on it.
const patience = 30 * time.Second

func start(t *testing.T) *rehearsal.Appliance {
	t.Helper()
	dir := t.TempDir()
	site, err := rehearsal.NewSite(dir)
	if err != nil {
		t.Fatal(err)
	}
	return startIn(t, site, dir)
}

func startIn(t *testing.T, site *rehearsal.Site, dir string) *rehearsal.Appliance {
	t.Helper()
	a, err := rehearsal.Start(t.Context(), site, dir, rehearsal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sync.OnceFunc(func() {
		if err := a.Stop(); err != nil {
			t.Errorf("Stop = %v", err)
		}
	}))
	return a
}

func machine(t *testing.T) *rehearsal.Agent {
	t.Helper()
	m, err := rehearsal.NewAgent("ws01")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func enrolled(t *testing.T, a *rehearsal.Appliance) *rehearsal.Agent {
	t.Helper()
	m := machine(t)
	if err := m.Enrol(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	return m
}

func dial(t *testing.T, m *rehearsal.Agent, a *rehearsal.Appliance) *rehearsal.Conn {
	t.Helper()
	c, err := m.Dial(t.Context(), a.Addr, a.Site.Identity.SiteRoot)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func connect(t *testing.T, m *rehearsal.Agent, a *rehearsal.Appliance, next uint64) *rehearsal.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	s, err := m.Connect(ctx, dial(t, m, a), next)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func token(t *testing.T, a *rehearsal.Appliance) string {
	t.Helper()
	text, err := a.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// wants checks a gRPC error: its code, and words that a person can act on.
func wants(t *testing.T, what string, err error, code codes.Code, says string) {
	t.Helper()
	if status.Code(err) != code || !strings.Contains(status.Convert(err).Message(), says) {
		t.Errorf("%s = %v; want %s saying %q", what, err, code, says)
	}
}

func ack(t *testing.T, s *rehearsal.Session, want uint64) {
	t.Helper()
	got, err := s.Ack()
	if err != nil || got != want {
		t.Fatalf("Ack = %d, %v; want %d", got, err, want)
	}
}

func TestASessionAcksWhatIsDurable(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	s := connect(t, m, a, 1)
	w := s.Welcome
	if w.GetAgentId() != m.ID || len(w.GetStoreId()) != 16 || w.GetAckedThrough() != 0 || !w.GetStateWanted() || w.GetTrust() == nil || w.GetPolicy() == nil {
		t.Errorf("Welcome = %v; want the agent's id, a new store, state wanted, trust and policy", w)
	}
	if err := s.Report(m.QueueID, rehearsal.Verdict(1, "disk_space", 1), rehearsal.Verdict(2, "time_sync", 1)); err != nil {
		t.Fatal(err)
	}
	ack(t, s, 2)
	mark, _, err := a.Intake.Mark(t.Context(), m.ID, m.QueueID)
	if err != nil || mark != 2 {
		t.Fatalf("Mark after the ack = %d, %v; want 2", mark, err)
	}
	// The next session says where the queue is, and wants no state: the digest is
	// right.
	hello := m.Hello(3)
	digest, err := a.Intake.Digest(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	hello.StoreId, hello.VerdictDigest, hello.PolicyVersion, hello.TrustVersion = w.GetStoreId(), digest[:], 1<<62, 1<<62
	again, err := dial(t, m, a).ReportDrift(t.Context(), &compliancev1.ReportDriftRequest{
		Hello: hello, Report: &compliancev1.Report{QueueId: m.QueueID, Records: []*compliancev1.Record{rehearsal.Verdict(3, "disk_space", 2)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if w := again.GetWelcome(); w.GetAckedThrough() != 2 || len(w.GetAckedRecordId()) != 16 || w.GetStateWanted() || w.GetPolicy() != nil || again.GetAck().GetThrough() != 3 {
		t.Errorf("ReportDrift = %v; want mark 2 with its record, no state wanted, ack 3", again)
	}
}

// logged waits for the bundles of n agent records and returns them by sequence.
// issue makes a certificate of the site's intermediate with dates of our choice.
// age gives the agent a certificate with other dates, as the newest one.
// command waits for a command and opens it as the agent would.
