package uplink_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/identity"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/uplink"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"
)

func site(t *testing.T) (*rehearsal.Site, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := rehearsal.NewSite(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func TestAClaimProvesItsKeysAndIsBelievedUnderThePinOnly(t *testing.T) {
	s, dir := site(t)
	c := newCentral(t, s)
	chain, err := s.Chain()
	if err != nil {
		t.Fatal(err)
	}
	s.Identity.Claim.Trust = chain
	p, err := identity.ParseProvision(provisioning(t, c.provision()) + "\n")
	if err != nil {
		t.Fatal(err)
	}
	// The keys of dir are those that Central's answer was made for.
	for range 2 {
		id, err := uplink.Claim(t.Context(), dir, p, "box")
		if err != nil || id.SiteID() != rehearsal.SiteID || id.ApplianceID() != rehearsal.ApplianceID {
			t.Fatalf("Claim = %+v, %v", id, err)
		}
	}
	if len(c.claims) != 2 || !possessed(c.claims[0]) || !bytes.Equal(c.claims[0].GetBundleKey(), c.claims[1].GetBundleKey()) {
		t.Error("a repeated claim is not the same claim with valid proofs")
	}
	again, err := identity.Load(dir)
	if err != nil || again.Provision != p {
		t.Errorf("Load after the claim = %+v, %v", again, err)
	}
	for name, test := range map[string]struct {
		change func(*identity.Provision)
		says   string
	}{
		"another root":     {func(p *identity.Provision) { p.CentralRoot = strings.Repeat("0", 64) }, "pinned Central root"},
		"another TLS pin":  {func(p *identity.Provision) { p.TLSPin = strings.Repeat("0", 64) }, "pinned key"},
		"another site":     {func(p *identity.Provision) { p.SiteID = "s_other" }, "provisioned was s_other"},
		"a name not in it": {func(p *identity.Provision) { p.CentralURL = strings.Replace(p.CentralURL, "127.0.0.1", "localhost", 1) }, "localhost"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := p
			test.change(&wrong)
			_, err := uplink.Claim(t.Context(), dir, wrong, "box")
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("Claim = %v; want an error saying %q", err, test.says)
			}
		})
	}
	t.Run("keys that are not in the trust document", func(t *testing.T) {
		empty := t.TempDir()
		_, err := uplink.Claim(t.Context(), empty, p, "box")
		if err == nil || !strings.Contains(err.Error(), "our keys") {
			t.Errorf("Claim = %v; want a refusal", err)
		}
		if _, err := identity.Load(empty); err == nil {
			t.Error("a refused claim left an identity")
		}
	})
	t.Run("Central is away", func(t *testing.T) {
		c.set(true)
		defer c.set(false)
		time.AfterFunc(100*time.Millisecond, func() { c.set(false) })
		if _, err := uplink.ClaimUntil(t.Context(), dir, p, "box", slog.New(slog.DiscardHandler)); err != nil {
			t.Errorf("ClaimUntil = %v; want it to wait for Central", err)
		}
	})
}

func TestEvidenceIsSentCosignedAndGoesOnAfterAnOutage(t *testing.T) {
	s, dir := site(t)
	c := newCentral(t, s)
	b := open(t, c, dir)
	b.add(t, 1, 2, 3)
	b.run(t)
	b.witnessed(t, 4) // with entry 0
	c.set(true)
	b.add(t, 4, 5, 6)
	if _, size, _ := b.evidence.Size(); size != 7 {
		t.Errorf("the log has %d entries while Central is away; want 7", size)
	}
	c.set(false)
	b.witnessed(t, 7)
	for i, e := range c.entries {
		if e.GetIndex() != uint64(i) {
			t.Errorf("entry %d at Central has index %d", i, e.GetIndex())
		}
	}
	if b.restored != 0 || len(b.seen) != 0 {
		t.Errorf("an outage was taken for a restore: %d, %d bundles", b.restored, len(b.seen))
	}
}

func TestABatchIsBoundedAndAllIsSent(t *testing.T) {
	s, dir := site(t)
	c := newCentral(t, s)
	b := open(t, c, dir)
	var many []int
	for i := range 600 {
		many = append(many, i+1)
	}
	b.add(t, many...)
	b.run(t)
	b.witnessed(t, 601)
}

func TestARestoredApplianceGetsBackWhatItForgot(t *testing.T) {
	s, dir := site(t)
	c := newCentral(t, s)
	b := open(t, c, dir)
	b.add(t, 1, 2)
	end := b.run(t)
	b.witnessed(t, 3)
	end()
	b.stop()
	old := t.TempDir()
	if err := os.CopyFS(filepath.Join(old, "copy"), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	b = open(t, c, dir)
	b.add(t, 3, 4)
	end = b.run(t)
	b.witnessed(t, 5)
	end()
	b.stop()

	b = open(t, c, filepath.Join(old, "copy"))
	b.uplink.Begin(t.Context())
	if _, size, _ := b.evidence.Size(); size != 5 || b.restored != 1 {
		t.Fatalf("after Begin the log has %d entries, restored %d times; want 5, once", size, b.restored)
	}
	var seqs []uint64
	for _, x := range b.seen {
		seqs = append(seqs, x.Seq)
	}
	if len(seqs) != 2 || seqs[0] != 3 || seqs[1] != 4 {
		t.Errorf("records shown as accepted: %v; want 3 and 4", seqs)
	}
	b.add(t, 5)
	b.run(t)
	b.witnessed(t, 6)
}

func TestACheckInTellsAndObeys(t *testing.T) {
	s, dir := site(t)
	c := newCentral(t, s)
	b := open(t, c, dir)
	s.Settings.Version += 10
	s.Settings.Tier = trustv1.Tier_TIER_MONITOR_ONLY
	newer, err := s.Policy()
	if err != nil {
		t.Fatal(err)
	}
	c.answer = &centralv1.CheckInResponse{Policy: newer, NextCheckInMs: 5000, Decisions: []*trustv1.SignedEnvelope{newer}}
	next, err := b.uplink.CheckIn(t.Context())
	if err != nil || next != 5*time.Second {
		t.Fatalf("CheckIn = %s, %v; want 5s", next, err)
	}
	if b.policy.TierOf("ag_1", time.Now().UnixMilli()) != 0 {
		t.Error("the newer policy was not taken")
	}
	told := c.checks[0]
	if told.GetOpenIncidents() != 7 || len(told.GetHosts()) != 1 || told.GetHostname() != "box" || told.GetTrustVersion() != s.Doc.GetVersion() || told.GetDecisionVersion() != 3 {
		t.Errorf("CheckIn told %v", told)
	}
	if len(b.decisions) != 1 {
		t.Errorf("%d decisions were handed on; want 1", len(b.decisions))
	}
	t.Run("what does not verify is refused and the old stays", func(t *testing.T) {
		stranger, err := signed.Generate()
		if err != nil {
			t.Fatal(err)
		}
		e := stranger.Seal(signed.Policy, newer.GetPayload())
		c.answer = &centralv1.CheckInResponse{Policy: &trustv1.SignedEnvelope{Payload: e.Payload, KeyId: e.KeyID[:], Signature: e.Signature}}
		before := b.policy.Current()
		if _, err := b.uplink.CheckIn(t.Context()); err != nil {
			t.Errorf("CheckIn = %v", err)
		}
		if b.policy.Current() != before {
			t.Error("a policy of a stranger was taken")
		}
	})
	t.Run("a re-issued certificate for another key is refused", func(t *testing.T) {
		other, _ := site(t)
		c.answer = &centralv1.CheckInResponse{TlsCertificate: other.Identity.Claim.GetTlsCertificate()}
		if _, err := b.uplink.CheckIn(t.Context()); err != nil {
			t.Errorf("CheckIn = %v", err)
		}
		again, err := identity.Load(dir)
		if err != nil || !bytes.Equal(again.Claim.GetTlsCertificate(), s.Identity.Claim.GetTlsCertificate()) {
			t.Errorf("the stored certificate changed, %v", err)
		}
	})
	t.Run("Central away is said", func(t *testing.T) {
		c.set(true)
		if _, err := b.uplink.CheckIn(t.Context()); err == nil || !strings.Contains(err.Error(), "gone fishing") {
			t.Errorf("CheckIn = %v; want Central's error", err)
		}
	})
}
