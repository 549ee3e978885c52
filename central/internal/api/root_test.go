package api_test

import (
	"crypto/x509"
	"encoding/hex"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"

	"github.com/osiriscare/osiris/central/internal/ca"
	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/store"
)

func roots(t *testing.T, c *ct.Central, site store.SiteID) (live, published []string) {
	t.Helper()
	all := ct.Value(c.Operator(c.Token).ListSiteRoots(t.Context(), connect.NewRequest(&centralv1.ListSiteRootsRequest{SiteId: string(site)})))(t).Msg
	for n, r := range all.GetRoots() {
		if r.GetIssuing() != (n == 0) {
			t.Errorf("root %d of %d issues: %v", n, len(all.GetRoots()), r.GetIssuing())
		}
		live = append(live, r.GetFingerprint())
	}
	chain, _, err := c.Publish.Trust(t.Context(), site)
	ct.Check(t, err)
	doc := &trustv1.TrustDoc{}
	ct.Check(t, proto.Unmarshal(chain.GetDoc().GetPayload(), doc))
	for _, pin := range doc.GetSiteRoots() {
		published = append(published, hex.EncodeToString(pin))
	}
	return live, published
}

func same(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func certificateOf(t *testing.T, der []byte) *x509.Certificate {
	t.Helper()
	return ct.Value(x509.ParseCertificate(der))(t)
}

func TestASitesRootIsRotatedAndBothCountUntilTheFormerIsRemoved(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	a := c.Appliance(s.ID)
	operator := c.Operator(c.Token)
	before, _ := roots(t, c, s.ID)
	rotate := func() (*connect.Response[centralv1.RotateSiteRootResponse], error) {
		return operator.RotateSiteRoot(t.Context(), connect.NewRequest(&centralv1.RotateSiteRootRequest{SiteId: string(s.ID), Reason: "two years old"}))
	}
	remove := func(fingerprint string, force bool) error {
		return second(operator.RemoveSiteRoot(t.Context(), connect.NewRequest(&centralv1.RemoveSiteRootRequest{
			SiteId: string(s.ID), Fingerprint: fingerprint, Reason: "replaced", Force: force,
		})))
	}
	next := ct.Value(rotate())(t).Msg.GetFingerprint()
	live, published := roots(t, c, s.ID)
	if want := []string{next, before[0]}; !same(live, want) || !same(published, want) {
		t.Fatalf("roots = %v, published %v; want %v", live, published, want)
	}
	if _, err := rotate(); connect.CodeOf(err) != connect.CodeFailedPrecondition {
		t.Errorf("a second rotation = %v; want it refused while two are live", err)
	}

	// The appliance gets its intermediate under both, once it has them no more.
	given := ct.Value(a.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{})))(t).Msg
	if len(given.GetOtherAuthorities()) != 2 || len(given.GetTlsCertificate()) == 0 {
		t.Fatalf("the check-in brought %d certificates beside; want the former root's two", len(given.GetOtherAuthorities()))
	}
	between, root := certificateOf(t, given.GetCaCertificate()), certificateOf(t, given.GetSiteRoot())
	other, former := certificateOf(t, given.GetOtherAuthorities()[0]), certificateOf(t, given.GetOtherAuthorities()[1])
	for _, pair := range [][2]*x509.Certificate{{between, root}, {other, former}} {
		ct.Check(t, pair[0].CheckSignatureFrom(pair[1]))
	}
	if pin, old := ca.Pin(root), ca.Pin(former); hex.EncodeToString(pin[:]) != next || hex.EncodeToString(old[:]) != before[0] {
		t.Error("the two pairs are not under the new root and the former")
	}
	if again := ct.Value(a.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{})))(t).Msg; len(again.GetCaCertificate()) == 0 {
		t.Error("an appliance that did not get the certificates is not given them again")
	}
	fresh := c.Appliance(s.ID)
	if len(fresh.Identity.GetOtherAuthorities()) != 2 {
		t.Errorf("a claim beside two roots gives %d certificates beside; want 2", len(fresh.Identity.GetOtherAuthorities()))
	}

	for what, tt := range map[string]struct {
		err  error
		want connect.Code
	}{
		"the root that issues":    {remove(next, true), connect.CodeFailedPrecondition},
		"a former root too early": {remove(before[0], false), connect.CodeFailedPrecondition},
		"a root there is not":     {remove(next[2:]+"00", true), connect.CodeNotFound},
	} {
		if connect.CodeOf(tt.err) != tt.want {
			t.Errorf("removing %s = %v; want %v", what, tt.err, tt.want)
		}
	}
	ct.Check(t, remove(before[0], true))
	live, published = roots(t, c, s.ID)
	if want := []string{next}; !same(live, want) || !same(published, want) {
		t.Errorf("roots = %v, published %v; want %v", live, published, want)
	}
	if fresh := c.Appliance(s.ID); len(fresh.Identity.GetOtherAuthorities()) != 0 {
		t.Error("a claim after the removal shows the former root")
	}
	if _, err := rotate(); err != nil {
		t.Errorf("the next rotation = %v", err)
	}
	line := ct.Value(c.Store.Audits(t.Context(), 0, 1))(t)[0]
	if line.Action != "RotateSiteRoot" || line.Subject != "two years old" || line.Actor != "tester" {
		t.Errorf("audit line = %+v", line)
	}
}
