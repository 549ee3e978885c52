package session_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/store"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

func TestWithoutACertificateOnlyRegisterMayBeCalled(t *testing.T) {
	a := start(t)
	m := machine(t)
	c := dial(t, m, a)
	_, err := c.ReportDrift(t.Context(), &compliancev1.ReportDriftRequest{Hello: m.Hello(1)})
	wants(t, "ReportDrift", err, codes.Unauthenticated, "certificate")
	_, err = c.Renew(t.Context(), &compliancev1.RenewRequest{})
	wants(t, "Renew", err, codes.Unauthenticated, "certificate")
	_, err = m.Connect(t.Context(), c, 1)
	wants(t, "Connect", err, codes.Unauthenticated, "certificate")
	err = c.GRPC.Invoke(t.Context(), "/compliance.v1.ComplianceAgent/Drop", &compliancev1.Gap{}, &compliancev1.Gap{})
	wants(t, "an unknown method", err, codes.Unimplemented, "")
}

func TestACertificateOfAnotherSiteIsNone(t *testing.T) {
	a, elsewhere := start(t), start(t)
	m := enrolled(t, elsewhere)
	_, err := m.Connect(t.Context(), dial(t, m, a), 1)
	wants(t, "Connect", err, codes.Unauthenticated, "certificate")
}

func TestAnAgentCannotRegisterOverItsOwnCertificate(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	_, err := m.Register(t.Context(), dial(t, m, a), token(t, a))
	wants(t, "Register", err, codes.PermissionDenied, "enrolled")
}

func TestTokens(t *testing.T) {
	a := start(t)
	single := token(t, a)
	first := machine(t)
	one, err := first.Register(t.Context(), dial(t, first, a), single)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("the same token with the same key gets the same answer", func(t *testing.T) {
		again := *first
		again.Certificate = nil
		two, err := again.Register(t.Context(), dial(t, &again, a), single)
		if err != nil || two.GetAgentId() != one.GetAgentId() || !bytes.Equal(two.GetCertificate(), one.GetCertificate()) {
			t.Errorf("Register = %v, %v; want the first answer", two, err)
		}
	})
	t.Run("a used token with another key", func(t *testing.T) {
		m := machine(t)
		_, err := m.Register(t.Context(), dial(t, m, a), single)
		wants(t, "Register", err, codes.PermissionDenied, "used or expired")
	})
	t.Run("an expired token", func(t *testing.T) {
		text, err := enroll.NewToken(t.Context(), a.Store, enroll.Token{Kind: enroll.Single, Tier: 2, Count: 1, Valid: time.Nanosecond})
		if err != nil {
			t.Fatal(err)
		}
		m := machine(t)
		_, err = m.Register(t.Context(), dial(t, m, a), text)
		wants(t, "Register", err, codes.PermissionDenied, "used or expired")
	})
	t.Run("a token that was never made", func(t *testing.T) {
		m := machine(t)
		_, err := m.Register(t.Context(), dial(t, m, a), "osiris-at1-"+strings.Repeat("0", 64))
		wants(t, "Register", err, codes.PermissionDenied, "unknown")
	})
	t.Run("a roll-out token serves as many as it counts, each pending", func(t *testing.T) {
		text, err := enroll.NewToken(t.Context(), a.Store, enroll.Token{Kind: enroll.Rollout, Tier: 1, Count: 2, Valid: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			m := machine(t)
			out, err := m.Register(t.Context(), dial(t, m, a), text)
			if err != nil || !out.GetPending() {
				t.Fatalf("Register = %v, %v; want a pending agent", out, err)
			}
			if tier := a.Enroll.TierOf(out.GetAgentId(), time.Now().UnixMilli()); tier != 0 {
				t.Errorf("a pending agent has tier %s; want MONITOR_ONLY", tier)
			}
		}
		m := machine(t)
		_, err = m.Register(t.Context(), dial(t, m, a), text)
		wants(t, "the third", err, codes.PermissionDenied, "used or expired")
	})
	t.Run("two machines at once get one identity from a single token", func(t *testing.T) {
		text := token(t, a)
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := 0
		for range 8 {
			m := machine(t)
			c := dial(t, m, a)
			wg.Go(func() {
				if _, err := m.Register(t.Context(), c, text); err == nil {
					mu.Lock()
					got++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if got != 1 {
			t.Errorf("%d machines enrolled with a single-use token; want 1", got)
		}
	})
}

func TestProofsOfPossession(t *testing.T) {
	a := start(t)
	text := token(t, a)
	hash := sha256.Sum256([]byte(text))
	m := machine(t)
	c, other := dial(t, m, a), dial(t, m, a)
	mine, err := c.Exporter()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := other.Exporter()
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, publicKey []byte, prefix string, exporter []byte, code codes.Code, says string) {
		t.Helper()
		proof, err := m.Prove(prefix, hash[:], exporter)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Register(t.Context(), &compliancev1.RegisterRequest{Token: text, PublicKey: publicKey, Proof: proof})
		wants(t, what, err, code, says)
	}
	try("the exporter of another connection", m.Public(), "osiris register v1", theirs, codes.PermissionDenied, "proof of possession")
	try("the text of a renewal", m.Public(), "osiris renew v1", mine, codes.PermissionDenied, "proof of possession")
	try("another's key", machine(t).Public(), "osiris register v1", mine, codes.PermissionDenied, "proof of possession")
	try("half a key", m.Public()[:33], "osiris register v1", mine, codes.InvalidArgument, "65 bytes")
	try("a point off the curve", append([]byte{4}, make([]byte, 64)...), "osiris register v1", mine, codes.InvalidArgument, "P-256")
	if _, err := m.Register(t.Context(), c, text); err != nil {
		t.Errorf("Register after the refusals = %v; want the token still good", err)
	}
}

func issue(t *testing.T, a *rehearsal.Appliance, m *rehearsal.Agent, notBefore, notAfter time.Time) []byte {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: m.ID}, DNSNames: []string{m.ID + ".agent." + rehearsal.SiteID + ".osiris.internal"},
		NotBefore: notBefore, NotAfter: notAfter, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, a.Site.Identity.CACertificate, &m.Key.PublicKey, a.Site.Identity.CA)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func age(t *testing.T, a *rehearsal.Appliance, m *rehearsal.Agent, notBefore, notAfter time.Time) {
	t.Helper()
	m.Certificate = issue(t, a, m, notBefore, notAfter)
	cert, err := x509.ParseCertificate(m.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	err = a.Store.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE agent SET serial = ?, certificate = ?, not_after_ms = ? WHERE agent_id = ?",
			cert.SerialNumber.Bytes(), cert.Raw, cert.NotAfter.UnixMilli(), m.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnExpiredCertificateMayOnlyRenewAndOnce(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	now := time.Now()
	age(t, a, m, now.Add(-60*24*time.Hour), now.Add(-time.Hour))
	_, err := m.Connect(t.Context(), dial(t, m, a), 1)
	wants(t, "Connect", err, codes.PermissionDenied, "expired")
	_, err = dial(t, m, a).ReportDrift(t.Context(), &compliancev1.ReportDriftRequest{Hello: m.Hello(1)})
	wants(t, "ReportDrift", err, codes.PermissionDenied, "expired")

	out, err := m.Renew(t.Context(), dial(t, m, a), nil)
	if err != nil || !out.GetQuarantined() {
		t.Fatalf("Renew = %v, %v; want a certificate and quarantine", out, err)
	}
	m.Certificate = out.GetCertificate()
	if tier := a.Enroll.TierOf(m.ID, now.UnixMilli()); tier != 0 {
		t.Errorf("tier in quarantine = %s; want MONITOR_ONLY", tier)
	}
	// A session that holds the newest policy ends the quarantine.
	hello := m.Hello(1)
	hello.PolicyVersion = a.Policy.PolicyVersion()
	if _, err := dial(t, m, a).ReportDrift(t.Context(), &compliancev1.ReportDriftRequest{
		Hello: hello, Report: &compliancev1.Report{QueueId: m.QueueID},
	}); err != nil {
		t.Fatal(err)
	}
	if tier := a.Enroll.TierOf(m.ID, now.UnixMilli()); tier != 1 {
		t.Errorf("tier after the policy was read = %s; want SELF_HEAL", tier)
	}
	age(t, a, m, now.Add(-60*24*time.Hour), now.Add(-time.Hour))
	_, err = m.Renew(t.Context(), dial(t, m, a), nil)
	wants(t, "the second renewal of an expired key", err, codes.PermissionDenied, "enrol again")
}

func TestACertificateThatExpiredTooLongAgoCannotRenew(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	now := time.Now()
	age(t, a, m, now.Add(-500*24*time.Hour), now.Add(-401*24*time.Hour))
	_, err := m.Renew(t.Context(), dial(t, m, a), nil)
	wants(t, "Renew", err, codes.PermissionDenied, "too long ago")
}

func TestACertificateOfTomorrowIsNone(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	m.Certificate = issue(t, a, m, time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour))
	_, err := m.Connect(t.Context(), dial(t, m, a), 1)
	wants(t, "Connect", err, codes.Unauthenticated, "certificate")
}

func TestRenewalsAndClones(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	old := *m
	next, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	one, err := m.Renew(t.Context(), dial(t, m, a), next)
	if err != nil || one.GetQuarantined() {
		t.Fatalf("Renew = %v, %v; want a certificate", one, err)
	}
	two, err := old.Renew(t.Context(), dial(t, &old, a), next)
	if err != nil || !bytes.Equal(one.GetCertificate(), two.GetCertificate()) {
		t.Errorf("the same renewal again = %v, %v; want the same certificate", two, err)
	}
	m.Key, m.Certificate = next, one.GetCertificate()
	if tier := a.Enroll.TierOf(m.ID, time.Now().UnixMilli()); tier != 1 {
		t.Errorf("tier = %s; want SELF_HEAL", tier)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err = old.Renew(t.Context(), dial(t, &old, a), other)
		wants(t, "a renewal with the older certificate and another key", err, codes.PermissionDenied, "quarantine")
	}
	if tier := a.Enroll.TierOf(m.ID, time.Now().UnixMilli()); tier != 0 {
		t.Errorf("tier of a cloned agent = %s; want MONITOR_ONLY for both", tier)
	}
	hello := m.Hello(1)
	hello.PolicyVersion = a.Policy.PolicyVersion()
	if _, err := dial(t, m, a).ReportDrift(t.Context(), &compliancev1.ReportDriftRequest{
		Hello: hello, Report: &compliancev1.Report{QueueId: m.QueueID},
	}); err != nil {
		t.Fatal(err)
	}
	if !a.Enroll.Held(m.ID) {
		t.Error("reading the policy ended a clone's quarantine; want it to stay")
	}
}

func TestAFloodOfEnrolmentsFromOneAddressIsSlowedDown(t *testing.T) {
	a := start(t)
	m := machine(t)
	c := dial(t, m, a)
	for range 1000 {
		_, err := c.Register(t.Context(), &compliancev1.RegisterRequest{Token: "x"})
		if status.Code(err) == codes.ResourceExhausted {
			return
		}
	}
	t.Error("1000 enrolments in a row from one address were all looked at")
}
