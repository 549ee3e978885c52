package session_test

import (
	"crypto/tls"
	"errors"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/trust"
)

func revoke(t *testing.T, a *rehearsal.Appliance, agentID string) {
	t.Helper()
	chain, err := a.Site.Revoke(agentID)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Policy.Offer(t.Context(), chain, nil); err != nil {
		t.Fatal(err)
	}
}

func TestARevokedAgentIsCutOffEverywhere(t *testing.T) {
	a := start(t)
	m, other := enrolled(t, a), enrolled(t, a)
	live, idle := connect(t, m, a, 1), dial(t, m, a)
	bystander := connect(t, other, a, 1)
	if _, err := idle.ReportDrift(t.Context(), &compliancev1.ReportDriftRequest{Hello: m.Hello(1), Report: &compliancev1.Report{QueueId: m.QueueID}}); err != nil {
		t.Fatal(err)
	}
	revoke(t, a, m.ID)
	t.Run("on a live stream", func(t *testing.T) {
		if _, err := live.Ack(); err == nil {
			t.Error("the stream of a revoked agent stayed open")
		}
	})
	t.Run("per call on a connection that is up", func(t *testing.T) {
		_, err := idle.ReportDrift(t.Context(), &compliancev1.ReportDriftRequest{Hello: m.Hello(1), Report: &compliancev1.Report{QueueId: m.QueueID}})
		if c := status.Code(err); c != codes.PermissionDenied && c != codes.Unavailable {
			t.Errorf("ReportDrift = %v; want PermissionDenied or a closed connection", err)
		}
	})
	t.Run("at the handshake", func(t *testing.T) {
		c, err := m.Dial(t.Context(), a.Addr, a.Site.Identity.SiteRoot)
		if err == nil { // in TLS 1.3 a client learns of a refusal at its first read
			_, err = m.Connect(t.Context(), c, 1)
			_ = c.Close()
		}
		if err == nil {
			t.Error("a revoked agent connected")
		}
	})
	t.Run("and nobody else notices", func(t *testing.T) {
		if err := bystander.Report(other.QueueID, rehearsal.Verdict(1, "disk_space", 1)); err != nil {
			t.Fatal(err)
		}
		ack(t, bystander, 1)
	})
}

func TestAResumedSessionAfterRevocationIsRefused(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	m.Sessions = tls.NewLRUClientSessionCache(4)
	connect(t, m, a, 1) // reads, so the ticket arrives
	c := dial(t, m, a)
	if _, err := m.Connect(t.Context(), c, 1); err != nil || !c.Resumed() {
		t.Fatalf("Connect before the revocation = %v, resumed %v; want a resumed session", err, c.Resumed())
	}
	revoke(t, a, m.ID)
	again, err := m.Dial(t.Context(), a.Addr, a.Site.Identity.SiteRoot)
	if err == nil {
		if !again.Resumed() {
			t.Error("the client did not try to resume; the test proves nothing")
		}
		_, err = m.Connect(t.Context(), again, 1)
		_ = again.Close()
	}
	if err == nil {
		t.Error("a revoked agent came back by a resumed TLS session")
	}
}

func TestAnOlderTrustDocumentIsRefused(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	old, err := a.Site.Chain()
	if err != nil {
		t.Fatal(err)
	}
	revoke(t, a, m.ID)
	if err := a.Policy.Offer(t.Context(), old, nil); !errors.Is(err, trust.ErrOlder) {
		t.Errorf("Offer of the older document = %v; want ErrOlder", err)
	}
	if !a.Policy.Current().Revoked(m.ID, nil) {
		t.Error("the older document un-revoked the agent")
	}
	oldPolicy, err := a.Site.Policy()
	if err != nil {
		t.Fatal(err)
	}
	a.Site.Settings.Version++
	a.Site.Settings.Tier = trustv1.Tier_TIER_MONITOR_ONLY
	newer, err := a.Site.Policy()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Policy.Offer(t.Context(), nil, newer); err != nil {
		t.Fatal(err)
	}
	if err := a.Policy.Offer(t.Context(), nil, oldPolicy); !errors.Is(err, trust.ErrOlder) {
		t.Errorf("Offer of the older policy = %v; want ErrOlder", err)
	}
	strange, err := rehearsal.NewSite(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	chain, err := strange.Chain()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Policy.Offer(t.Context(), chain, nil); !errors.Is(err, trust.ErrUnpinned) {
		t.Errorf("Offer of another Central's document = %v; want ErrUnpinned", err)
	}
	wrong := &trustv1.SignedEnvelope{Payload: newer.GetPayload(), KeyId: newer.GetKeyId(), Signature: chain.GetDoc().GetSignature()}
	if err := a.Policy.Offer(t.Context(), nil, wrong); err == nil {
		t.Error("a policy with the signature of a trust document was taken")
	}
	again, err := policy.New(t.Context(), policy.Config{Pin: a.Site.Root.ID(), SiteID: rehearsal.SiteID}, a.Store)
	if err != nil || !again.Current().Revoked(m.ID, nil) || again.PolicyVersion() != a.Policy.PolicyVersion() {
		t.Errorf("a restart lost the newest documents: %v", err)
	}
}
