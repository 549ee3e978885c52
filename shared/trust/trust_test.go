package trust_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

// world is a Central with its root, its online key and one appliance.
type world struct {
	t                     *testing.T
	root, online, command *signed.Key
	doc                   *trustlite.TrustDoc
	delegation            *trustlite.Delegation
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, root: key(t, 1), online: key(t, 2), command: key(t, 3)}
	w.delegation = &trustlite.Delegation{Version: 5, OnlineKey: w.online.Public(), IssuedMs: 1, ExpiresMs: 1000}
	w.doc = &trustlite.TrustDoc{
		SiteId: "s_1", Version: 10, IssuedMs: 1, ExpiresMs: 500,
		RevokedAgents: []string{"ag_bad"}, RevokedSerials: [][]byte{{9, 9}},
		Appliances: []*trustlite.ApplianceKeys{
			{ApplianceId: "ap_1", CommandKey: w.command.Public(), BundleKey: key(t, 4).Public()},
			{ApplianceId: "ap_0", CommandKey: key(t, 5).Public(), BundleKey: key(t, 6).Public(), Retired: true},
		},
	}
	return w
}

func key(t *testing.T, fill byte) *signed.Key {
	t.Helper()
	k, err := signed.NewKey(bytes.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

type marshaler interface{ MarshalVT() ([]byte, error) }

func (w *world) seal(k *signed.Key, c signed.Context, m marshaler) *trustlite.SignedEnvelope {
	w.t.Helper()
	payload, err := m.MarshalVT()
	if err != nil {
		w.t.Fatal(err)
	}
	e := k.Seal(c, payload)
	return &trustlite.SignedEnvelope{Payload: e.Payload, KeyId: e.KeyID[:], Signature: e.Signature}
}

func (w *world) chain() *trustlite.TrustChain {
	return &trustlite.TrustChain{
		RootKey:    w.root.Public(),
		Delegation: w.seal(w.root, signed.Delegation, w.delegation),
		Doc:        w.seal(w.online, signed.Trust, w.doc),
	}
}

func TestOpenTakesOnlyAChainOfThePinnedRoot(t *testing.T) {
	w := newWorld(t)
	opened, err := trust.Open(w.chain(), w.root.ID())
	if err != nil || opened.Doc.Version != 10 {
		t.Fatalf("Open = %v, %v; want the document", opened, err)
	}
	wrongContext := w.chain()
	wrongContext.Doc = w.seal(w.online, signed.Policy, w.doc)
	signedByRoot := w.chain()
	signedByRoot.Doc = w.seal(w.root, signed.Trust, w.doc)
	foreign := newWorld(t)
	foreign.root = key(t, 77)
	swapped := w.chain()
	swapped.RootKey = key(t, 78).Public()
	cut := w.chain()
	cut.Delegation.Payload = cut.Delegation.Payload[:len(cut.Delegation.Payload)-1]
	for _, c := range []struct {
		name  string
		chain *trustlite.TrustChain
		want  error
	}{
		{"nothing", nil, signed.ErrMalformed},
		{"a document signed in the policy context", wrongContext, signed.ErrSignature},
		{"a document signed by the root instead of the online key", signedByRoot, signed.ErrKey},
		{"a consistent chain of another root", foreign.chain(), trust.ErrUnpinned},
		{"a root key swapped in", swapped, signed.ErrKey},
		{"a delegation cut short", cut, signed.ErrSignature},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := trust.Open(c.chain, w.root.ID()); !errors.Is(err, c.want) {
				t.Errorf("Open = %v; want %v", err, c.want)
			}
		})
	}
}

func TestNewerRefusesStepsBack(t *testing.T) {
	w := newWorld(t)
	held, err := trust.Open(w.chain(), w.root.ID())
	if err != nil {
		t.Fatal(err)
	}
	if err := held.Newer(nil); err != nil {
		t.Errorf("Newer(nil) = %v; want nil", err)
	}
	for _, c := range []struct {
		name            string
		doc, delegation uint64
		site            string
		want            error
	}{
		{"the same", 10, 5, "s_1", nil},
		{"a newer document", 11, 5, "s_1", nil},
		{"an older document", 9, 5, "s_1", trust.ErrOlder},
		{"an older delegation under a newer document", 11, 4, "s_1", trust.ErrOlder},
		{"another site", 11, 5, "s_2", trust.ErrSite},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.doc.Version, w.delegation.Version, w.doc.SiteId = c.doc, c.delegation, c.site
			next, err := trust.Open(w.chain(), w.root.ID())
			if err != nil {
				t.Fatal(err)
			}
			if err := next.Newer(held); !errors.Is(err, c.want) {
				t.Errorf("Newer = %v; want %v", err, c.want)
			}
		})
	}
}

func TestRevocationAndKeys(t *testing.T) {
	w := newWorld(t)
	o, err := trust.Open(w.chain(), w.root.ID())
	if err != nil {
		t.Fatal(err)
	}
	if !o.AgentRevoked("ag_bad") || o.AgentRevoked("ag_good") {
		t.Error("AgentRevoked does not follow the list")
	}
	if !o.SerialRevoked([]byte{9, 9}) || o.SerialRevoked([]byte{9}) {
		t.Error("SerialRevoked does not follow the list")
	}
	if o.CommandKey(key(t, 5).ID()) != nil {
		t.Error("a retired appliance may still command")
	}
	if o.Appliance(key(t, 6).ID()) == nil {
		t.Error("a retired appliance's evidence no longer proves")
	}
	if err := o.Valid(499); err != nil {
		t.Errorf("Valid just before the end = %v", err)
	}
	if err := o.Valid(500); !errors.Is(err, trust.ErrExpired) {
		t.Errorf("Valid at the end = %v; want ErrExpired", err)
	}
}

func TestOpenCommandTakesOnlyALiveCommandKey(t *testing.T) {
	w := newWorld(t)
	o, err := trust.Open(w.chain(), w.root.ID())
	if err != nil {
		t.Fatal(err)
	}
	command := &trustlite.Command{AgentId: "ag_1", RunbookId: "linux.sysctl.harden"}
	if got, err := o.OpenCommand(w.seal(w.command, signed.Command, command)); err != nil || got.AgentId != "ag_1" {
		t.Fatalf("OpenCommand = %v, %v", got, err)
	}
	for _, c := range []struct {
		name     string
		envelope *trustlite.SignedEnvelope
		want     error
	}{
		{"the wrong context", w.seal(w.command, signed.Bundle, command), signed.ErrSignature},
		{"a retired appliance's key", w.seal(key(t, 5), signed.Command, command), signed.ErrKey},
		{"the online key, which may not command", w.seal(w.online, signed.Command, command), signed.ErrKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := o.OpenCommand(c.envelope); !errors.Is(err, c.want) {
				t.Errorf("OpenCommand = %v; want %v", err, c.want)
			}
		})
	}
}

func TestTierIsCappedAndExpires(t *testing.T) {
	full, heal, monitor := trustlite.Tier_TIER_FULL_REMEDIATION, trustlite.Tier_TIER_SELF_HEAL, trustlite.Tier_TIER_MONITOR_ONLY
	policy := &trustlite.Policy{
		Tier: heal, Ceiling: heal, ExpiresMs: 100,
		HostTiers: []*trustlite.HostTier{{AgentId: "ag_full", Tier: full}, {AgentId: "ag_watch", Tier: monitor}},
	}
	for _, c := range []struct {
		name   string
		policy *trustlite.Policy
		agent  string
		now    int64
		want   trustlite.Tier
	}{
		{"the site's tier", policy, "ag_1", 99, heal},
		{"a host's own tier under the ceiling", policy, "ag_watch", 99, monitor},
		{"a host's own tier above the ceiling is capped", policy, "ag_full", 99, heal},
		{"an expired policy only monitors", policy, "ag_1", 100, monitor},
		{"no policy only monitors", nil, "ag_1", 0, monitor},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := trust.TierOf(c.policy, c.agent, c.now); got != c.want {
				t.Errorf("TierOf = %v; want %v", got, c.want)
			}
		})
	}
}

func TestOpenPolicyIsForThisSite(t *testing.T) {
	w := newWorld(t)
	o, err := trust.Open(w.chain(), w.root.ID())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.OpenPolicy(w.seal(w.online, signed.Policy, &trustlite.Policy{SiteId: "s_1", Version: 3})); err != nil {
		t.Errorf("OpenPolicy = %v", err)
	}
	if _, err := o.OpenPolicy(w.seal(w.online, signed.Policy, &trustlite.Policy{SiteId: "s_2"})); !errors.Is(err, trust.ErrSite) {
		t.Errorf("OpenPolicy of another site = %v; want ErrSite", err)
	}
	if _, err := o.OpenPolicy(w.seal(w.online, signed.Trust, &trustlite.Policy{SiteId: "s_1"})); !errors.Is(err, signed.ErrSignature) {
		t.Errorf("OpenPolicy in the trust context = %v; want ErrSignature", err)
	}
	if err := trust.NewerPolicy(&trustlite.Policy{Version: 2}, &trustlite.Policy{Version: 3}); !errors.Is(err, trust.ErrOlder) {
		t.Errorf("NewerPolicy = %v; want ErrOlder", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x0a, 0x02, 0x0a, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		chain := &trustlite.TrustChain{}
		if chain.UnmarshalVT(b) != nil {
			return
		}
		if _, err := trust.Open(chain, signed.KeyID{}); err == nil {
			t.Error("foreign bytes opened under a pin nobody has the key of")
		}
	})
}
