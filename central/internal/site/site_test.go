package site_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/site"
	"github.com/osiriscare/osiris/central/internal/store"
)

func TestClaimGivesAnIdentityThatVerifies(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	a := c.Appliance(s.ID)
	m := a.Identity
	root := ct.Value(x509.ParseCertificate(m.GetSiteRoot()))(t)
	pin := sha256.Sum256(root.RawSubjectPublicKeyInfo)
	doc := &trustv1.TrustDoc{}
	ct.Check(t, unmarshal(m.GetTrust().GetDoc().GetPayload(), doc))
	if len(doc.GetSiteRoots()) != 1 || string(doc.GetSiteRoots()[0]) != string(pin[:]) {
		t.Error("the trust document does not name the site root")
	}
	if keys := doc.GetAppliances(); len(keys) != 1 || keys[0].GetApplianceId() != m.GetApplianceId() || len(keys[0].GetLogVkeys()) != 1 {
		t.Errorf("appliances in the trust document = %v; want this one with its log key", keys)
	}
	intermediate := ct.Value(x509.ParseCertificate(m.GetCaCertificate()))(t)
	ct.Check(t, intermediate.CheckSignatureFrom(root))
	if !a.CA.PublicKey.Equal(intermediate.PublicKey) || !intermediate.MaxPathLenZero {
		t.Error("the intermediate is not for the appliance's key, or may issue further authorities")
	}
	client := ct.Value(x509.ParseCertificate(m.GetTlsCertificate()))(t)
	if pub, ok := client.PublicKey.(*ecdsa.PublicKey); !ok || !a.TLS.PublicKey.Equal(pub) {
		t.Error("the client certificate is for another key")
	}
	if m.GetSiteName() != "Main Street" || m.GetClientName() != "Riverside" || m.GetPolicy() == nil {
		t.Errorf("names %q and %q, policy %v", m.GetSiteName(), m.GetClientName(), m.GetPolicy())
	}
}

func TestTheSameCodeWithTheSameKeysGetsTheSameAnswer(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	code := c.Code(s.ID, time.Hour)
	a := c.Unclaimed()
	first := ct.Value(a.Client.Claim(t.Context(), connect.NewRequest(a.ClaimRequest(code))))(t).Msg
	again := ct.Value(a.Client.Claim(t.Context(), connect.NewRequest(a.ClaimRequest(code))))(t).Msg
	if diff := cmp.Diff(first, again, protocmp.Transform()); diff != "" {
		t.Errorf("the second answer differs:\n%s", diff)
	}
}

func TestClaimsAreRefused(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	used := c.Code(s.ID, time.Hour)
	owner := c.Unclaimed()
	ct.Check(t, owner.Claim(used))
	expired := expiredCode(t, c, s.ID)
	fresh := c.Code(s.ID, time.Hour)
	elsewhere := c.Code(c.Site("Lakeside", "Harbour").ID, time.Hour)

	for name, tt := range map[string]struct {
		code   string
		change func(r *centralv1.ClaimRequest)
		want   connect.Code
		says   string
	}{
		"the code is unknown":             {"0123456789ABCDEF", nil, connect.CodePermissionDenied, "not known"},
		"the code is no code":             {"x", nil, connect.CodePermissionDenied, "not known"},
		"the code is lower case":          {strings.ToLower(fresh), nil, connect.CodePermissionDenied, "not known"},
		"the code was used by others":     {used, nil, connect.CodePermissionDenied, "already used"},
		"the code has expired":            {expired, nil, connect.CodePermissionDenied, "expired"},
		"a proof is of another code":      {fresh, func(r *centralv1.ClaimRequest) { r.Code = elsewhere }, connect.CodeInvalidArgument, "proof of possession"},
		"a proof is missing":              {fresh, func(r *centralv1.ClaimRequest) { r.Proofs = r.Proofs[:4] }, connect.CodeInvalidArgument, "4 proofs"},
		"the proofs are in another order": {fresh, func(r *centralv1.ClaimRequest) { slices.Reverse(r.Proofs) }, connect.CodeInvalidArgument, "tls key"},
		"one key has two roles":           {fresh, nil, connect.CodeInvalidArgument, "two roles"},
		"the TLS key is no key":           {fresh, func(r *centralv1.ClaimRequest) { r.TlsKey = []byte("x") }, connect.CodeInvalidArgument, "tls key"},
		"the host name is a novel":        {fresh, func(r *centralv1.ClaimRequest) { r.Hostname = strings.Repeat("x", 300) }, connect.CodeInvalidArgument, "too long"},
		"the host name has a line break":  {fresh, func(r *centralv1.ClaimRequest) { r.Hostname = "a\nb" }, connect.CodeInvalidArgument, "control"},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.Unclaimed()
			if name == "one key has two roles" {
				a.Log = a.Bundle
			}
			request := a.ClaimRequest(tt.code)
			if tt.change != nil {
				tt.change(request)
			}
			_, err := a.Client.Claim(t.Context(), connect.NewRequest(request))
			if connect.CodeOf(err) != tt.want || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Claim = %v; want %v with %q", err, tt.want, tt.says)
			}
		})
	}
	t.Run("the keys are those of another practice's appliance", func(t *testing.T) {
		if err := owner.Claim(elsewhere); connect.CodeOf(err) != connect.CodeAlreadyExists {
			t.Errorf("Claim = %v; want already exists", err)
		}
	})
	t.Run("the good claim still works afterwards", func(t *testing.T) {
		ct.Check(t, c.Unclaimed().Claim(fresh))
	})
}

// expiredCode makes a code whose time is over.
func expiredCode(t *testing.T, c *ct.Central, id store.SiteID) string {
	t.Helper()
	text, _, err := c.Sites.CreateCode(t.Context(), id, time.Nanosecond)
	ct.Check(t, err)
	raw := ct.Value(base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, "osiris1.")))(t)
	var said struct{ Code string }
	ct.Check(t, json.Unmarshal(raw, &said))
	return said.Code
}

func TestOneCodeClaimedByManyAtOnceLetsOneIn(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	code := c.Code(s.ID, time.Hour)
	var group sync.WaitGroup
	errs := make([]error, 6)
	for n := range errs {
		a := c.Unclaimed()
		group.Go(func() { errs[n] = a.Claim(code) })
	}
	group.Wait()
	in := 0
	for _, err := range errs {
		if err == nil {
			in++
		} else if connect.CodeOf(err) != connect.CodePermissionDenied {
			t.Errorf("Claim = %v; want permission denied", err)
		}
	}
	if in != 1 {
		t.Errorf("%d appliances got in; want 1", in)
	}
}

func TestAnApplianceThatWasAwayTooLongIsReadmittedByANewCode(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	a := c.Appliance(s.ID)
	ct.Value(a.Submit(0))(t)
	id, origin := a.Identity.GetApplianceId(), a.Origin
	ct.Check(t, a.Claim(c.Code(s.ID, time.Hour)))
	if a.Identity.GetApplianceId() != id || a.Identity.GetLogOrigin() != origin {
		t.Errorf("readmitted as %s with log %s; want %s with %s", a.Identity.GetApplianceId(), a.Identity.GetLogOrigin(), id, origin)
	}
}

func TestAProvisioningStringNamesCodeAddressAndPins(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	text, expires, err := c.Sites.CreateCode(t.Context(), s.ID, 0)
	ct.Check(t, err)
	raw := ct.Value(base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, "osiris1.")))(t)
	var said map[string]string
	ct.Check(t, json.Unmarshal(raw, &said))
	if said["central_root"] != c.Keys.Root.String() || said["site_id"] != string(s.ID) || said["central_url"] == "" || len(said["tls_pin"]) != 64 || len(said["code"]) != 16 {
		t.Errorf("provisioning = %v", said)
	}
	if days := time.Until(expires).Hours() / 24; days < 29 || days > 31 {
		t.Errorf("expires in %.1f days; want 30", days)
	}
	if _, _, err := c.Sites.CreateCode(t.Context(), "s_none", 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("CreateCode of an unknown site = %v; want ErrNotFound", err)
	}
	if _, _, err := c.Sites.CreateCode(t.Context(), s.ID, -time.Hour); !errors.Is(err, site.ErrClaim) {
		t.Errorf("CreateCode for a negative time = %v; want ErrClaim", err)
	}
}

func TestNamesThatCannotBeShownAreRefused(t *testing.T) {
	for name, want := range map[string]bool{
		"Riverside": true, "Praxis Dr. Müller & Söhne": true, "": false, "a\nb": false, "a\x00": false, "\xff": false, strings.Repeat("x", 201): false,
	} {
		if got := site.ValidName(name); got != want {
			t.Errorf("ValidName(%.20q) = %t; want %t", name, got, want)
		}
	}
}

func TestCheckInBringsWhatIsNewerAndRepeatsALostCertificate(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	a := c.Appliance(s.ID)
	ask := func(r *centralv1.CheckInRequest) *centralv1.CheckInResponse {
		t.Helper()
		return ct.Value(a.Client.CheckIn(t.Context(), connect.NewRequest(r)))(t).Msg
	}
	m := ask(&centralv1.CheckInRequest{})
	if m.GetTrust() == nil || m.GetPolicy() == nil || m.GetTlsCertificate() != nil {
		t.Fatalf("first check-in = %v; want documents and no certificate", m)
	}
	doc, policy := &trustv1.TrustDoc{}, &trustv1.Policy{}
	ct.Check(t, errors.Join(unmarshal(m.GetTrust().GetDoc().GetPayload(), doc), unmarshal(m.GetPolicy().GetPayload(), policy)))
	held := &centralv1.CheckInRequest{TrustVersion: doc.GetVersion(), PolicyVersion: policy.GetVersion()}
	if m := ask(held); m.GetTrust() != nil || m.GetPolicy() != nil {
		t.Errorf("nothing is newer, and yet: %v", m)
	}
	ct.Value(c.Publish.SetPolicy(t.Context(), s.ID, &trustv1.Policy{Tier: trustv1.Tier_TIER_SELF_HEAL}))(t)
	if m := ask(held); m.GetPolicy() == nil || m.GetTrust() != nil {
		t.Errorf("after a new policy: trust %v, policy %v; want the policy only", m.GetTrust(), m.GetPolicy())
	}
	// Central re-issued, but the answer was lost: the appliance shows its old one.
	row := ct.Value(c.Store.Appliance(t.Context(), store.ApplianceID(a.Identity.GetApplianceId())))(t)
	ct.Check(t, c.Store.SetCertificates(t.Context(), row.ID, []byte("newer"), []byte("ca")))
	if m := ask(held); len(m.GetTlsCertificate()) == 0 || len(m.GetCaCertificate()) == 0 {
		t.Errorf("certificates = %x; want the newer one again", m.GetTlsCertificate())
	}
}
