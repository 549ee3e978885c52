package policy_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/store"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

func site(t *testing.T) *rehearsal.Site {
	t.Helper()
	s, err := rehearsal.NewSite(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func open(t *testing.T, s *rehearsal.Site, path string) *policy.Holder {
	t.Helper()
	st, err := store.Open(t.Context(), path, policy.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	h, err := policy.New(t.Context(), policy.Config{
		Pin: s.Pin(), SiteID: rehearsal.SiteID, Trust: s.Identity.Claim.GetTrust(), Policy: s.Identity.Claim.GetPolicy(),
	}, st)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAnExpiredPolicyMeansMonitorOnly(t *testing.T) {
	s := site(t)
	h := open(t, s, filepath.Join(t.TempDir(), "state.db"))
	if tier := h.TierOf("ag_1", time.Now().UnixMilli()); tier != 1 {
		t.Errorf("tier under the claim's policy = %s; want SELF_HEAL", tier)
	}
	if tier := h.TierOf("ag_1", s.Settings.GetExpiresMs()); tier != 0 {
		t.Errorf("tier at the expiry = %s; want MONITOR_ONLY", tier)
	}
	s.Settings.Version++
	s.Settings.Tier, s.Settings.HostTiers = 2, []*trustv1.HostTier{{AgentId: "ag_2", Tier: 0}}
	e, err := s.Policy()
	if err != nil {
		t.Fatal(err)
	}
	changed := h.Changed()
	if err := h.Offer(t.Context(), nil, e); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
	default:
		t.Error("nobody was told of the new policy")
	}
	now := time.Now().UnixMilli()
	if a, b := h.TierOf("ag_1", now), h.TierOf("ag_2", now); a != 1 || b != 0 {
		t.Errorf("tiers = %s, %s; want the ceiling SELF_HEAL and the host's own MONITOR_ONLY", a, b)
	}
	changed = h.Changed()
	if err := h.Offer(t.Context(), nil, e); err != nil {
		t.Errorf("Offer of what is held = %v; want nil", err)
	}
	select {
	case <-changed:
		t.Error("the same policy again was told as a change")
	default:
	}
}

// seal signs as another online key would.
func seal(t *testing.T, k *signed.Key, c signed.Context, m proto.Message) *trustv1.SignedEnvelope {
	t.Helper()
	payload, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	e := k.Seal(c, payload)
	return &trustv1.SignedEnvelope{Payload: e.Payload, KeyId: e.KeyID[:], Signature: e.Signature}
}

func TestAfterAChangeOfDelegationTheOldPolicyHoldsNothing(t *testing.T) {
	s := site(t)
	path := filepath.Join(t.TempDir(), "state.db")
	h := open(t, s, path)
	next, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	s.Doc.Version++
	chain := &trustv1.TrustChain{
		Delegation: seal(t, s.Root, signed.Delegation, &trustv1.Delegation{Version: 2, OnlineKey: next.Public(), ExpiresMs: 1 << 50}),
		Doc:        seal(t, next, signed.Trust, s.Doc), RootKey: s.Root.Public(),
	}
	if err := h.Offer(t.Context(), chain, nil); err != nil {
		t.Fatalf("Offer of the next delegation = %v", err)
	}
	now := time.Now().UnixMilli()
	for _, held := range []*policy.Holder{h, open(t, s, path)} {
		if tier := held.TierOf("ag_1", now); tier != 0 || held.Current().Envelope != nil {
			t.Errorf("tier under a policy of the old key = %s; want MONITOR_ONLY until a new one comes", tier)
		}
	}
	back, err := s.Chain() // by the key that was replaced, with a newer document
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Offer(t.Context(), back, nil); !errors.Is(err, trust.ErrOlder) {
		t.Errorf("Offer of the old delegation = %v; want ErrOlder", err)
	}
	s.Settings.Version++
	if err := h.Offer(t.Context(), nil, seal(t, next, signed.Policy, s.Settings)); err != nil || h.TierOf("ag_1", now) != 1 {
		t.Errorf("Offer of the new key's policy = %v; want it in force", err)
	}
}

func TestWhatIsForAnotherSiteOrContextIsRefused(t *testing.T) {
	s := site(t)
	h := open(t, s, filepath.Join(t.TempDir(), "state.db"))
	before := h.Current()
	s.Settings.Version += 10
	wrongContext := seal(t, s.Online, signed.Trust, s.Settings)
	if err := h.Offer(t.Context(), nil, wrongContext); !errors.Is(err, signed.ErrSignature) {
		t.Errorf("Offer of a policy signed in another context = %v; want ErrSignature", err)
	}
	s.Settings.SiteId = "s_other"
	if err := h.Offer(t.Context(), nil, seal(t, s.Online, signed.Policy, s.Settings)); !errors.Is(err, trust.ErrSite) {
		t.Errorf("Offer of another site's policy = %v; want ErrSite", err)
	}
	s.Doc.Version, s.Doc.SiteId = s.Doc.Version+10, "s_other"
	chain, err := s.Chain()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Offer(t.Context(), chain, nil); !errors.Is(err, trust.ErrSite) {
		t.Errorf("Offer of another site's trust document = %v; want ErrSite", err)
	}
	if h.Current() != before {
		t.Error("a refused document changed something")
	}
}
