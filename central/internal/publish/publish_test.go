package publish_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/trust"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/publish"
	"github.com/osiriscare/osiris/central/internal/store"
)

// open verifies a chain as an appliance does.
func open(t *testing.T, c *ct.Central, chain *trustv1.TrustChain) *trust.Opened {
	t.Helper()
	lite := &trustlite.TrustChain{}
	ct.Check(t, lite.UnmarshalVT(ct.Value(proto.Marshal(chain))(t)))
	return ct.Value(trust.Open(lite, c.Keys.Root))(t)
}

func newest(t *testing.T, c *ct.Central, site store.SiteID) (*trust.Opened, uint64) {
	t.Helper()
	chain, version, err := c.Publish.Trust(t.Context(), site)
	ct.Check(t, err)
	return open(t, c, chain), version
}

func TestATrustDocumentIsSignedAgainOnlyWhenItSaysSomethingElse(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	first, v1 := newest(t, c, s.ID)
	if _, again := newest(t, c, s.ID); again != v1 {
		t.Errorf("versions %d and %d; nothing changed", v1, again)
	}
	a := c.Appliance(s.ID)
	second, v2 := newest(t, c, s.ID)
	if v2 <= v1 || len(second.Doc.Appliances) != 1 || second.Doc.Appliances[0].ApplianceId != a.Identity.GetApplianceId() {
		t.Errorf("after a claim version %d names %d appliances; want a higher one than %d with one", v2, len(second.Doc.Appliances), v1)
	}
	if err := second.Newer(first); err != nil {
		t.Errorf("Newer = %v", err)
	}
	if err := first.Newer(second); !errors.Is(err, trust.ErrOlder) {
		t.Errorf("the older one is taken: %v", err)
	}
	if err := second.Valid(time.Now().UnixMilli()); err != nil {
		t.Errorf("Valid = %v", err)
	}
}

func TestVersionsGrowEvenIfTheClockStepsBack(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	_, v := newest(t, c, s.ID)
	if now := uint64(time.Now().Unix()); v < now-60 || v > now+60 {
		t.Errorf("version = %d; want Unix seconds, about %d", v, now)
	}
	// The newest document is from a time that this clock has not reached.
	future := v + 1_000_000
	ct.Check(t, c.Store.AddTrust(t.Context(), store.Document{SiteID: s.ID, Version: future, Bytes: []byte("x")}))
	ct.Check(t, c.Store.AddPolicy(t.Context(), store.Document{SiteID: s.ID, Version: future, ExpiresMs: 1, Bytes: []byte{}}))
	if _, next := newest(t, c, s.ID); next != future+1 {
		t.Errorf("trust version = %d; want %d", next, future+1)
	}
	version := ct.Value(c.Publish.SetPolicy(t.Context(), s.ID, &trustv1.Policy{}))(t)
	if version != future+1 {
		t.Errorf("policy version = %d; want %d", version, future+1)
	}
}

func TestDocumentsAreSignedAgainAtHalfTheirLife(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	ct.Value(c.Publish.SetPolicy(t.Context(), s.ID, &trustv1.Policy{Tier: trustv1.Tier_TIER_SELF_HEAL, CheckIntervalMs: 5000}))(t)
	held := ct.Value(c.Store.Policy(t.Context(), s.ID))(t)
	now := time.Now()
	held.Version++
	held.IssuedMs, held.ExpiresMs = now.Add(-20*24*time.Hour).UnixMilli(), now.Add(10*24*time.Hour).UnixMilli()
	ct.Check(t, c.Store.AddPolicy(t.Context(), held))
	_, policy, err := c.Publish.Policy(t.Context(), s.ID)
	ct.Check(t, err)
	if policy.GetVersion() <= held.Version || policy.GetTier() != trustv1.Tier_TIER_SELF_HEAL || policy.GetCheckIntervalMs() != 5000 {
		t.Errorf("policy = %v; want a newer one that says the same", policy)
	}
	if left := time.Until(time.UnixMilli(policy.GetExpiresMs())); left < 29*24*time.Hour {
		t.Errorf("it holds for %v; want 30 days", left)
	}
	old := ct.Value(c.Store.Trust(t.Context(), s.ID))(t)
	old.Version++
	old.IssuedMs, old.ExpiresMs = now.Add(-80*24*time.Hour).UnixMilli(), now.Add(10*24*time.Hour).UnixMilli()
	ct.Check(t, c.Store.AddTrust(t.Context(), old))
	if _, v := newest(t, c, s.ID); v <= old.Version {
		t.Errorf("trust version = %d; want one after %d", v, old.Version)
	}
}

func TestAPolicyVerifiesAndKeepsTheCeiling(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	ct.Value(c.Publish.SetPolicy(t.Context(), s.ID, &trustv1.Policy{
		Tier: trustv1.Tier_TIER_SELF_HEAL, SiteId: "s_other", Version: 1 << 60, ExpiresMs: 1 << 60,
	}))(t)
	envelope, _, err := c.Publish.Policy(t.Context(), s.ID)
	ct.Check(t, err)
	chain, _ := newest(t, c, s.ID)
	policy := ct.Value(chain.OpenPolicy(envelope))(t)
	if policy.SiteId != string(s.ID) || policy.Version > 1<<40 || policy.ExpiresMs > 1<<50 || policy.Ceiling != trustlite.Tier_TIER_SELF_HEAL {
		t.Errorf("policy = %v; site, version, times and ceiling are Central's to say", policy)
	}
	if _, err := c.Publish.SetPolicy(t.Context(), s.ID, &trustv1.Policy{Tier: trustv1.Tier_TIER_FULL_REMEDIATION}); !errors.Is(err, publish.ErrCeiling) {
		t.Errorf("SetPolicy above the ceiling = %v; want ErrCeiling", err)
	}
}

func TestAPolicyWhoseValuesWouldBePassedOverIsRefused(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	set := func(pairs ...string) error {
		settings := &trustv1.Policy{Tier: trustv1.Tier_TIER_MONITOR_ONLY}
		for i := 0; i < len(pairs); i += 3 {
			settings.Parameters = append(settings.Parameters, &trustv1.CheckParameter{CheckId: pairs[i], Name: pairs[i+1], Value: pairs[i+2]})
		}
		_, err := c.Publish.SetPolicy(t.Context(), s.ID, settings)
		return err
	}
	ct.Check(t, set("disk_space", "high_percent", "15", "bitlocker", "data_volumes", "no"))
	for name, pairs := range map[string][]string{
		"a word for a number":       {"disk_space", "high_percent", "abc"},
		"less than nothing":         {"disk_space", "high_percent", "-1"},
		"more than a number holds":  {"disk_space", "high_percent", "999999999999999999999999"},
		"neither yes nor no":        {"bitlocker", "data_volumes", "sometimes"},
		"one set twice":             {"disk_space", "high_percent", "10", "disk_space", "high_percent", "20"},
		"a parameter of no check":   {"disk_space", "colour", "1"},
		"a check that there is not": {"disks", "high_percent", "1"},
	} {
		if err := set(pairs...); !errors.Is(err, publish.ErrPolicy) {
			t.Errorf("%s: SetPolicy = %v; want ErrPolicy", name, err)
		}
	}
}

func TestConcurrentPublishersGiveEachVersionOnce(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	versions := make([]uint64, 8)
	var group sync.WaitGroup
	for n := range versions {
		group.Go(func() {
			v, err := c.Publish.SetPolicy(t.Context(), s.ID, &trustv1.Policy{})
			if err != nil {
				t.Error(err)
			}
			versions[n] = v
		})
	}
	group.Wait()
	seen := map[uint64]bool{}
	for _, v := range versions {
		if seen[v] {
			t.Errorf("version %d was given twice", v)
		}
		seen[v] = true
	}
}

func TestADocumentThatDoesNotFitIntoEvidenceIsNotPublished(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	a := c.Appliance(s.ID)
	_, held := newest(t, c, s.ID)
	for _, agent := range []string{"x", "y", "z"} {
		ct.Check(t, c.Store.RevokeAgent(t.Context(), s.ID, strings.Repeat(agent, 100<<10), "too much", 1))
	}
	if _, version, err := c.Publish.Trust(t.Context(), s.ID); !errors.Is(err, publish.ErrTrustSize) {
		t.Errorf("Trust = version %d, %v; want ErrTrustSize", version, err)
	}
	if kept := ct.Value(c.Store.Trust(t.Context(), s.ID))(t); kept.Version != held {
		t.Errorf("version %d is published; want %d, which fits", kept.Version, held)
	}
	// The appliance goes on with the one that fits.
	ct.Value(a.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{})))(t)
	ct.Value(a.Submit(0))(t)
}
