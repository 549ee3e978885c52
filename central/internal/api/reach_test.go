package api_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/credential"
	"github.com/osiriscare/osiris/shared/signed"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/store"
)

// reach is an appliance that registers a sealing key.
type reach struct {
	*ct.Appliance
	t   *testing.T
	c   *ct.Central
	key *credential.Key
}

func newReach(t *testing.T, c *ct.Central, site store.SiteID) *reach {
	t.Helper()
	r := &reach{Appliance: c.Appliance(site), t: t, c: c, key: ct.Value(credential.NewKey())(t)}
	r.checkIn(r.Command, r.Identity.GetSiteId(), r.id())
	return r
}

func (r *reach) id() string { return r.Identity.GetApplianceId() }

func (r *reach) checkIn(command *signed.Key, site, id string) *centralv1.CheckInResponse {
	r.t.Helper()
	e := ct.Value(r.key.Sign(command, site, id))(r.t)
	return ct.Value(r.Client.CheckIn(r.t.Context(), connect.NewRequest(&centralv1.CheckInRequest{SealingKey: e})))(r.t).Msg
}

// put keeps a credential of any bytes sealed to a key.
func (r *reach) put(name string, version uint64, key []byte, change func(*centralv1.PutCredentialRequest)) error {
	id := credential.KeyID(key)
	m := &centralv1.PutCredentialRequest{
		SiteId: r.Identity.GetSiteId(), Name: name, Kind: credential.SSHPassword.Wire(), Version: version,
		Seals: []*centralv1.CredentialSeal{{ApplianceId: r.id(), Sealed: bytes.Repeat([]byte{9}, 64), KeyId: id[:]}},
	}
	if change != nil {
		change(m)
	}
	return second(r.c.Operator(r.c.Token).PutCredential(r.t.Context(), connect.NewRequest(m)))
}

func (r *reach) sealing() *centralv1.ApplianceSealing {
	r.t.Helper()
	m := ct.Value(r.c.Operator(r.c.Token).ListSealingKeys(r.t.Context(), connect.NewRequest(&centralv1.ListSealingKeysRequest{SiteId: r.Identity.GetSiteId()})))(r.t).Msg
	return m.GetAppliances()[0]
}

func TestOnlyTheCommandKeyRegistersASealingKey(t *testing.T) {
	c := ct.New(t)
	r := newReach(t, c, c.Site("Riverside", "Main Street").ID)
	first := r.sealing().GetKey()
	if _, err := credential.OpenKey(first, r.Command.Public(), r.Identity.GetSiteId(), r.id()); err != nil {
		t.Fatalf("the registered key = %v", err)
	}
	r.key = ct.Value(credential.NewKey())(t)
	r.checkIn(ct.Value(signed.Generate())(t), r.Identity.GetSiteId(), r.id())
	r.checkIn(r.Bundle, r.Identity.GetSiteId(), r.id())
	r.checkIn(r.Command, "s_other", r.id())
	r.checkIn(r.Command, r.Identity.GetSiteId(), "ap_other")
	if !bytes.Equal(r.sealing().GetKey().GetSignature(), first.GetSignature()) {
		t.Error("a key that the command key did not sign for this appliance was registered")
	}
	r.checkIn(r.Command, r.Identity.GetSiteId(), r.id())
	if bytes.Equal(r.sealing().GetKey().GetSignature(), first.GetSignature()) {
		t.Error("the appliance's next key was not registered")
	}
}

func TestACredentialThatNobodyCouldOpenIsRefused(t *testing.T) {
	c := ct.New(t)
	r := newReach(t, c, c.Site("Riverside", "Main Street").ID)
	other := newReach(t, c, c.Site("Lakeside", "Harbour").ID)
	now := uint64(time.Now().Unix()) //nolint:gosec // after 1970
	for name, tt := range map[string]struct {
		change func(*centralv1.PutCredentialRequest)
		want   connect.Code
	}{
		"no name":                    {func(m *centralv1.PutCredentialRequest) { m.Name = "" }, connect.CodeInvalidArgument},
		"a name with a space":        {func(m *centralv1.PutCredentialRequest) { m.Name = "a b" }, connect.CodeInvalidArgument},
		"no kind":                    {func(m *centralv1.PutCredentialRequest) { m.Kind = 0 }, connect.CodeInvalidArgument},
		"version 0":                  {func(m *centralv1.PutCredentialRequest) { m.Version = 0 }, connect.CodeInvalidArgument},
		"a version of next year":     {func(m *centralv1.PutCredentialRequest) { m.Version += 1 << 25 }, connect.CodeInvalidArgument},
		"no appliance":               {func(m *centralv1.PutCredentialRequest) { m.Seals = nil }, connect.CodeInvalidArgument},
		"an appliance twice":         {func(m *centralv1.PutCredentialRequest) { m.Seals = append(m.Seals, m.Seals[0]) }, connect.CodeInvalidArgument},
		"another site's appliance":   {func(m *centralv1.PutCredentialRequest) { m.Seals[0].ApplianceId = other.id() }, connect.CodeInvalidArgument},
		"another key":                {func(m *centralv1.PutCredentialRequest) { m.Seals[0].KeyId[0] ^= 1 }, connect.CodeInvalidArgument},
		"too few bytes":              {func(m *centralv1.PutCredentialRequest) { m.Seals[0].Sealed = []byte("password") }, connect.CodeInvalidArgument},
		"too many bytes":             {func(m *centralv1.PutCredentialRequest) { m.Seals[0].Sealed = make([]byte, credential.MaxSealed+1) }, connect.CodeInvalidArgument},
		"a site there is not":        {func(m *centralv1.PutCredentialRequest) { m.SiteId = "s_x" }, connect.CodeNotFound},
		"nothing there is to rotate": {func(m *centralv1.PutCredentialRequest) { m.Rotate = true }, connect.CodeAborted},
	} {
		if err := r.put("clinic", now, r.key.Public(), tt.change); connect.CodeOf(err) != tt.want {
			t.Errorf("PutCredential with %s = %v; want %v", name, err, tt.want)
		}
	}
	ct.Check(t, r.put("clinic", now, r.key.Public(), nil))
	rotate := func(m *centralv1.PutCredentialRequest) { m.Rotate = true }
	if err := r.put("clinic", now, r.key.Public(), rotate); connect.CodeOf(err) != connect.CodeAborted {
		t.Errorf("a rotation to the same version = %v; want it refused", err)
	}
	err := r.put("clinic", now+1, r.key.Public(), func(m *centralv1.PutCredentialRequest) {
		m.Rotate, m.Kind = true, centralv1.CredentialKind_CREDENTIAL_KIND_LDAP_BIND
	})
	if connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("a rotation to another kind = %v; want it refused", err)
	}
	ct.Check(t, r.put("clinic", now+1, r.key.Public(), rotate))
	ct.Value(c.Operator(c.Token).RemoveCredential(t.Context(), connect.NewRequest(&centralv1.RemoveCredentialRequest{SiteId: r.Identity.GetSiteId(), Name: "clinic"})))(t)
	if err := r.put("clinic", now+1, r.key.Public(), nil); connect.CodeOf(err) != connect.CodeAborted {
		t.Errorf("a version from before a withdrawal = %v; want it refused", err)
	}
}

func TestTargetsAndCredentialsStayInTheirPractice(t *testing.T) {
	c := ct.New(t)
	mine, other := newReach(t, c, c.Site("Riverside", "Main Street").ID), newReach(t, c, c.Site("Lakeside", "Harbour").ID)
	twin := newReach(t, c, store.SiteID(mine.Identity.GetSiteId())) // of the same site
	operator, now := c.Operator(c.Token), uint64(time.Now().Unix()) //nolint:gosec // after 1970
	ct.Check(t, mine.put("clinic", now, mine.key.Public(), nil))
	for name, appliance := range map[string]string{"srv01": "", "srv02": mine.id()} {
		ct.Value(operator.AddTarget(t.Context(), connect.NewRequest(&centralv1.AddTargetRequest{SiteId: mine.Identity.GetSiteId(), Target: &centralv1.Target{
			Name: name, Host: name, Kind: centralv1.TargetKind_TARGET_KIND_WINDOWS, Credential: "clinic", ApplianceId: appliance,
		}})))(t)
	}
	for name, tt := range map[string]struct {
		of                   *reach
		targets, credentials int
	}{"the appliance itself": {mine, 2, 1}, "another of the site": {twin, 1, 0}, "another practice's": {other, 0, 0}} {
		m := tt.of.checkIn(tt.of.Command, tt.of.Identity.GetSiteId(), tt.of.id())
		if n, k := len(m.GetWindowsTargets().GetTargets()), len(m.GetCredentials().GetCredentials()); n != tt.targets || k != tt.credentials {
			t.Errorf("%s is given %d targets and %d credentials; want %d and %d", name, n, k, tt.targets, tt.credentials)
		}
	}
	site := other.Identity.GetSiteId()
	for name, err := range map[string]error{
		"RemoveTarget":     second(operator.RemoveTarget(t.Context(), connect.NewRequest(&centralv1.RemoveTargetRequest{SiteId: site, Name: "srv01"}))),
		"RemoveCredential": second(operator.RemoveCredential(t.Context(), connect.NewRequest(&centralv1.RemoveCredentialRequest{SiteId: site, Name: "clinic"}))),
	} {
		if connect.CodeOf(err) != connect.CodeNotFound {
			t.Errorf("%s through another site = %v; want it not found", name, err)
		}
	}
	if m := ct.Value(operator.ListTargets(t.Context(), connect.NewRequest(&centralv1.ListTargetsRequest{SiteId: site})))(t).Msg; len(m.GetTargets()) != 0 {
		t.Errorf("another site lists %v", m.GetTargets())
	}
	if m := ct.Value(operator.ListCredentials(t.Context(), connect.NewRequest(&centralv1.ListCredentialsRequest{SiteId: site})))(t).Msg; len(m.GetCredentials()) != 0 {
		t.Errorf("another site lists %v", m.GetCredentials())
	}
	nobody := c.Operator("")
	for name, err := range map[string]error{
		"AddTarget":        second(nobody.AddTarget(t.Context(), connect.NewRequest(&centralv1.AddTargetRequest{}))),
		"ListTargets":      second(nobody.ListTargets(t.Context(), connect.NewRequest(&centralv1.ListTargetsRequest{}))),
		"RemoveTarget":     second(nobody.RemoveTarget(t.Context(), connect.NewRequest(&centralv1.RemoveTargetRequest{}))),
		"ListSealingKeys":  second(nobody.ListSealingKeys(t.Context(), connect.NewRequest(&centralv1.ListSealingKeysRequest{}))),
		"PutCredential":    second(nobody.PutCredential(t.Context(), connect.NewRequest(&centralv1.PutCredentialRequest{}))),
		"ListCredentials":  second(nobody.ListCredentials(t.Context(), connect.NewRequest(&centralv1.ListCredentialsRequest{}))),
		"RemoveCredential": second(nobody.RemoveCredential(t.Context(), connect.NewRequest(&centralv1.RemoveCredentialRequest{}))),
	} {
		if connect.CodeOf(err) != connect.CodeUnauthenticated {
			t.Errorf("%s without a token = %v; want unauthenticated", name, err)
		}
	}
}

func TestARetiredApplianceIsNoOnesToSealTo(t *testing.T) {
	c := ct.New(t)
	r := newReach(t, c, c.Site("Riverside", "Main Street").ID)
	now := uint64(time.Now().Unix()) //nolint:gosec // after 1970
	ct.Check(t, r.put("clinic", now, r.key.Public(), nil))
	ct.Value(retire(t, c, r.Identity.GetSiteId(), r.id(), "replaced by a new box"))(t)
	keys := ct.Value(c.Operator(c.Token).ListSealingKeys(t.Context(), connect.NewRequest(&centralv1.ListSealingKeysRequest{SiteId: r.Identity.GetSiteId()})))(t).Msg
	if len(keys.GetAppliances()) != 0 {
		t.Errorf("a retired appliance is offered to seal to: %v", keys.GetAppliances())
	}
	if err := r.put("other", now, r.key.Public(), nil); connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), "no live appliance") {
		t.Errorf("PutCredential for a retired appliance = %v; want it refused", err)
	}
	rows := ct.Value(c.Store.Credentials(t.Context(), store.SiteID(r.Identity.GetSiteId()), ""))(t)
	if len(rows) != 0 {
		t.Errorf("credentials of a retired appliance stay: %d", len(rows))
	}
}
