package policy_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	"github.com/osiriscare/osiris/agent/internal/policy"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t testing.TB, folder string, a *fakeappliance.Authority) *policy.Policy {
	t.Helper()
	p, err := policy.New(folder, a.CentralRoot.ID(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// apply takes the authority's newest documents.
func apply(t testing.TB, p *policy.Policy, a *fakeappliance.Authority) {
	t.Helper()
	if changed, err := p.Apply(encode(t, a.Chain()), encode(t, a.PolicyEnvelope())); err != nil || !changed {
		t.Fatalf("Apply = %v, %v; want true, nil", changed, err)
	}
}

const selfHeal = trustlite.Tier_TIER_SELF_HEAL

func TestNothingIsAllowedBeforeAPolicy(t *testing.T) {
	p := open(t, t.TempDir(), fakeappliance.NewAuthority(t))
	if tier := p.Tier(fakeappliance.AgentID, p.NowMs()); tier != 0 {
		t.Errorf("Tier = %v; want MONITOR_ONLY", tier)
	}
	if interval, jitter := p.Interval(); interval != 5*time.Minute || jitter != 10 {
		t.Errorf("Interval = %v, %d; want 5m, 10", interval, jitter)
	}
	if !p.Enabled(check.DiskSpace) {
		t.Error("checks do not run without a policy")
	}
	if _, err := p.OpenCommand(nil); err == nil {
		t.Error("a command opens without trust")
	}
}

func TestAPolicySurvivesARestart(t *testing.T) {
	a, folder := fakeappliance.NewAuthority(t), t.TempDir()
	a.ChangePolicy(func(p *trustv1.Policy) {
		p.CheckIntervalMs, p.CheckJitterPercent, p.EnabledChecks = 1000, 5, []string{"disk_space"}
		p.Parameters = []*trustv1.CheckParameter{{CheckId: "disk_space", Name: "high_percent", Value: "20"}}
	})
	apply(t, open(t, folder, a), a)
	p := open(t, folder, a)
	if tier := p.Tier(fakeappliance.AgentID, p.NowMs()); tier != selfHeal {
		t.Errorf("Tier = %v; want SELF_HEAL", tier)
	}
	if tv, pv := p.Versions(); tv != 1 || pv != 2 {
		t.Errorf("Versions = %d, %d; want 1, 2", tv, pv)
	}
	if interval, jitter := p.Interval(); interval != time.Second || jitter != 5 {
		t.Errorf("Interval = %v, %d", interval, jitter)
	}
	if p.Enabled(check.TimeSync) || !p.Enabled(check.DiskSpace) {
		t.Error("the enabled checks are not those of the policy")
	}
	if v, ok := p.Parameters(check.DiskSpace)("high_percent"); !ok || v != "20" {
		t.Errorf("the parameter is %q, %v; want 20", v, ok)
	}
	if _, ok := p.Parameters(check.TimeSync)("high_percent"); ok {
		t.Error("another check has the parameter")
	}
	if len(p.SiteRoots()) != 1 {
		t.Errorf("SiteRoots has %d; want 1", len(p.SiteRoots()))
	}
}

func TestOlderAndForeignDocumentsAreRefused(t *testing.T) {
	a := fakeappliance.NewAuthority(t)
	oldChain, oldPolicy := encode(t, a.Chain()), encode(t, a.PolicyEnvelope())
	foreign := fakeappliance.NewAuthority(t)
	folder := t.TempDir()
	p := open(t, folder, a)
	a.ChangeDoc(func(*trustv1.TrustDoc) {})
	a.ChangePolicy(func(*trustv1.Policy) {})
	apply(t, p, a)
	doc := a.Doc()
	doc.SiteId, doc.Version = "s_other", 9
	otherSite := a.Policy()
	otherSite.SiteId, otherSite.Version = "s_other", 9
	byCommandKey := fakeappliance.Seal(a.CommandKey, signed.Policy, a.Policy())
	inTrust := fakeappliance.Seal(a.Online, signed.Trust, a.Policy())
	for _, c := range []struct {
		name            string
		chain, envelope []byte
		want            error
	}{
		{"an older trust document", oldChain, nil, trust.ErrOlder},
		{"an older policy", nil, oldPolicy, trust.ErrOlder},
		{"another Central's document", encode(t, foreign.Chain()), nil, trust.ErrUnpinned},
		{"another Central's policy", nil, encode(t, foreign.PolicyEnvelope()), signed.ErrKey},
		{"another site's document", encode(t, a.ChainOf(doc)), nil, trust.ErrSite},
		{"another site's policy", nil, encode(t, fakeappliance.Seal(a.Online, signed.Policy, otherSite)), trust.ErrSite},
		{"a policy by the appliance", nil, encode(t, byCommandKey), signed.ErrKey},
		{"a policy signed as a trust document", nil, encode(t, inTrust), signed.ErrSignature},
		{"garbage for a chain", []byte("x"), nil, signed.ErrMalformed},
		{"an empty chain", []byte{}, nil, signed.ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed, err := p.Apply(c.chain, c.envelope)
			if !errors.Is(err, c.want) || changed {
				t.Errorf("Apply = %v, %v; want false, %v", changed, err, c.want)
			}
			if tv, pv := open(t, folder, a).Versions(); tv != 2 || pv != 2 {
				t.Errorf("versions %d, %d are held; want 2, 2", tv, pv)
			}
		})
	}
	if changed, err := p.Apply(encode(t, a.Chain()), encode(t, a.PolicyEnvelope())); changed || err != nil {
		t.Errorf("the same again: Apply = %v, %v; want false, nil", changed, err)
	}
}

func TestExpiryRevocationAndCeilingMeanMonitorOnly(t *testing.T) {
	for name, change := range map[string]func(a *fakeappliance.Authority){
		"an expired policy": func(a *fakeappliance.Authority) {
			a.ChangePolicy(func(p *trustv1.Policy) { p.ExpiresMs = time.Now().UnixMilli() - 1 })
		},
		"an expired document": func(a *fakeappliance.Authority) {
			a.ChangeDoc(func(d *trustv1.TrustDoc) { d.ExpiresMs = time.Now().UnixMilli() - 1 })
		},
		"a revoked agent": func(a *fakeappliance.Authority) {
			a.ChangeDoc(func(d *trustv1.TrustDoc) { d.RevokedAgents = []string{fakeappliance.AgentID} })
		},
		"a low ceiling": func(a *fakeappliance.Authority) {
			a.ChangePolicy(func(p *trustv1.Policy) { p.Ceiling = 0 })
		},
	} {
		a := fakeappliance.NewAuthority(t)
		change(a)
		p := open(t, t.TempDir(), a)
		apply(t, p, a)
		if tier := p.Tier(fakeappliance.AgentID, p.NowMs()); tier != 0 {
			t.Errorf("%s: Tier = %v; want MONITOR_ONLY", name, tier)
		}
	}
}

func TestTheClockNeverShowsLessThanASignedDocument(t *testing.T) {
	a := fakeappliance.NewAuthority(t)
	later := time.Now().Add(48 * time.Hour).UnixMilli()
	a.ChangePolicy(func(p *trustv1.Policy) { p.IssuedMs = later })
	p := open(t, t.TempDir(), a)
	if now := p.NowMs(); now >= later {
		t.Fatalf("NowMs = %d before the policy", now)
	}
	apply(t, p, a)
	if now := p.NowMs(); now != later {
		t.Errorf("NowMs = %d; want %d", now, later)
	}
	built, err := policy.New(t.TempDir(), a.CentralRoot.ID(), later+1)
	if err != nil || built.NowMs() != later+1 {
		t.Errorf("NowMs = %d, %v; want the build time %d", built.NowMs(), err, later+1)
	}
}

func TestANewOnlineKeyEndsTheOldPolicy(t *testing.T) {
	a, folder := fakeappliance.NewAuthority(t), t.TempDir()
	p := open(t, folder, a)
	apply(t, p, a)
	next, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	a.Online = next
	a.ChangeDoc(func(*trustv1.TrustDoc) {})
	if changed, err := p.Apply(encode(t, a.Chain()), nil); !changed || err != nil {
		t.Fatalf("Apply = %v, %v", changed, err)
	}
	for name, p := range map[string]*policy.Policy{"at once": p, "after a restart": open(t, folder, a)} {
		if tier := p.Tier(fakeappliance.AgentID, p.NowMs()); tier != 0 {
			t.Errorf("%s: Tier = %v; want MONITOR_ONLY", name, tier)
		}
	}
	a.ChangePolicy(func(*trustv1.Policy) {})
	apply(t, p, a)
	if tier := p.Tier(fakeappliance.AgentID, p.NowMs()); tier != selfHeal {
		t.Errorf("Tier = %v; want SELF_HEAL", tier)
	}
}

func TestFilesChangedFromOutsideAreRefused(t *testing.T) {
	for _, name := range []string{"trust.bin", "policy.bin"} {
		a, folder := fakeappliance.NewAuthority(t), t.TempDir()
		apply(t, open(t, folder, a), a)
		path := filepath.Join(folder, name)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		content[len(content)/2] ^= 1
		for _, path := range []string{path, path + ".copy"} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		// A changed key id is the one thing that looks like a newer online key.
		p, err := policy.New(folder, a.CentralRoot.ID(), 0)
		if err == nil && p.Tier(fakeappliance.AgentID, p.NowMs()) != 0 || err != nil && !errors.Is(err, policy.ErrDamaged) {
			t.Errorf("a changed %s gives %v; want it refused as damaged", name, err)
		}
		if err := policy.SetAside(folder); err != nil {
			t.Fatal(err)
		}
		p = open(t, folder, a)
		if tv, pv := p.Versions(); tv != 0 || pv != 0 {
			t.Errorf("versions %d, %d are held after SetAside; want none", tv, pv)
		}
		apply(t, p, a)
	}
}

func TestIntervalsStayInBounds(t *testing.T) {
	for ms, want := range map[uint32]time.Duration{
		1: 200 * time.Millisecond, 200: 200 * time.Millisecond, 1 << 31: 24 * time.Hour, 0: 5 * time.Minute,
	} {
		a := fakeappliance.NewAuthority(t)
		a.ChangePolicy(func(p *trustv1.Policy) { p.CheckIntervalMs, p.CheckJitterPercent = ms, 5000 })
		p := open(t, t.TempDir(), a)
		apply(t, p, a)
		if interval, jitter := p.Interval(); interval != want || jitter > 90 {
			t.Errorf("%d ms: Interval = %v, %d %%; want %v, at most 90 %%", ms, interval, jitter, want)
		}
	}
}

func TestWithoutCopiesAChangedByteIsDamageWhereverItIs(t *testing.T) {
	a, folder := fakeappliance.NewAuthority(t), t.TempDir()
	apply(t, open(t, folder, a), a)
	for _, name := range []string{"trust.bin.copy", "policy.bin.copy"} {
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(folder, "trust.bin")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range content {
		content[i] ^= 1
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := policy.New(folder, a.CentralRoot.ID(), 0); !errors.Is(err, policy.ErrDamaged) {
			t.Errorf("with byte %d changed New gives %v; want %v", i, err, policy.ErrDamaged)
		}
		content[i] ^= 1
	}
}

func TestAFileThatCannotBeReadIsNoDamage(t *testing.T) {
	for _, name := range []string{"trust.bin", "policy.bin"} {
		a, folder := fakeappliance.NewAuthority(t), t.TempDir()
		apply(t, open(t, folder, a), a)
		path := filepath.Join(folder, name)
		if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil { // reading it is EISDIR
			t.Fatal(err)
		}
		if _, err := policy.New(folder, a.CentralRoot.ID(), 0); err == nil || errors.Is(err, policy.ErrDamaged) {
			t.Errorf("%s that cannot be read gives %v; want an error that is no damage", name, err)
		}
	}
}

func TestDamageDoesNotOpenTheWayToOlderDocuments(t *testing.T) {
	a, folder := fakeappliance.NewAuthority(t), t.TempDir()
	oldChain, oldPolicy := encode(t, a.Chain()), encode(t, a.PolicyEnvelope())
	hour := time.Now().Add(time.Hour).UnixMilli()
	a.ChangeDoc(func(d *trustv1.TrustDoc) { d.IssuedMs = hour })
	a.ChangePolicy(func(*trustv1.Policy) {})
	newChain, newPolicy := encode(t, a.Chain()), encode(t, a.PolicyEnvelope())
	if _, err := open(t, folder, a).Apply(newChain, newPolicy); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"trust.bin", "policy.bin"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("damaged"), 0o600); err != nil {
			t.Fatal(err)
		}
		p := open(t, folder, a)
		if p.NowMs() < hour || p.Tier(fakeappliance.AgentID, p.NowMs()) != selfHeal {
			t.Errorf("%s damaged: the clock's floor is gone, or the policy", name)
		}
		if _, err := p.Apply(oldChain, nil); !errors.Is(err, trust.ErrOlder) {
			t.Errorf("%s damaged: the older trust document gives %v; want %v", name, err, trust.ErrOlder)
		}
		if _, err := p.Apply(nil, oldPolicy); !errors.Is(err, trust.ErrOlder) {
			t.Errorf("%s damaged: the older policy gives %v; want %v", name, err, trust.ErrOlder)
		}
	}
}

func TestAnEmptyPolicyReplacesWhatAnotherRootSigned(t *testing.T) {
	former, next, folder := fakeappliance.NewAuthority(t), fakeappliance.NewAuthority(t), t.TempDir()
	apply(t, open(t, folder, former), former)
	if _, err := policy.New(folder, next.CentralRoot.ID(), 0); !errors.Is(err, trust.ErrUnpinned) {
		t.Errorf("another root's documents give %v; want %v", err, trust.ErrUnpinned)
	}
	apply(t, policy.Empty(folder, next.CentralRoot.ID(), 0), next)
	if p := open(t, folder, next); p.Tier(fakeappliance.AgentID, p.NowMs()) != selfHeal {
		t.Error("the new root's policy does not rule")
	}
}
