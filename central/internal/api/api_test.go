package api_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"

	"github.com/osiriscare/osiris/central/internal/ca"
	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/store"
)

// post sends raw bytes to a method and returns status and body.
func post(t *testing.T, client *http.Client, url, method string, body []byte, header ...string) (int, string) {
	t.Helper()
	r := ct.Value(http.NewRequestWithContext(t.Context(), http.MethodPost, url+method, bytes.NewReader(body)))(t)
	r.Header.Set("Content-Type", "application/proto")
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	answer, err := client.Do(r)
	ct.Check(t, err)
	defer answer.Body.Close() //nolint:errcheck // it was read to its end
	return answer.StatusCode, string(ct.Value(io.ReadAll(answer.Body))(t))
}

// methods lists every method of a service, so that a new one is tested too.
func methods(service string) (all []string) {
	descriptors := centralv1.File_central_v1_appliance_proto.Services()
	if service == centralv1connect.FleetServiceName {
		descriptors = centralv1.File_central_v1_fleet_proto.Services()
	}
	for i := range descriptors.Len() {
		for m := range descriptors.Get(i).Methods().Len() {
			all = append(all, "/"+string(descriptors.Get(i).FullName())+"/"+string(descriptors.Get(i).Methods().Get(m).Name()))
		}
	}
	return all
}

func TestEveryMethodButClaimNeedsAnIdentity(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	a := c.Appliance(s.ID)
	retired := c.Appliance(s.ID)
	ct.Value(retire(t, c, string(s.ID), retired.Identity.GetApplianceId(), "replaced"))(t)
	stranger := c.Unclaimed()
	foreign := ct.Value(ca.New("Osiris Central appliance"))(t)
	forged := ct.Value(foreign.Client(a.Identity.GetApplianceId(), string(s.ID), &stranger.TLS.PublicKey))(t)
	clients := map[string]*http.Client{
		"no certificate":        c.HTTP(nil),
		"a retired appliance":   c.HTTP(certificate(retired.Identity.GetTlsCertificate(), retired.TLS)),
		"a forged certificate":  c.HTTP(certificate(forged, stranger.TLS)),
		"the site intermediate": c.HTTP(certificate(a.Identity.GetCaCertificate(), a.CA)),
	}
	for who, client := range clients {
		for _, method := range methods(centralv1connect.ApplianceServiceName) {
			if method == centralv1connect.ApplianceServiceClaimProcedure {
				continue
			}
			code, body, err := try(t, client, c.URL, method)
			if err == nil && (code != http.StatusUnauthorized || !strings.Contains(body, "unauthenticated")) {
				t.Errorf("%s with %s = %d %s; want unauthenticated", method, who, code, body)
			}
			if err != nil && who != "a forged certificate" && who != "the site intermediate" {
				t.Errorf("%s with %s = %v", method, who, err)
			}
		}
	}
	for _, method := range methods(centralv1connect.FleetServiceName) {
		for who, header := range map[string]string{
			"no token": "", "a wrong token": "Bearer osiris-ot1-" + strings.Repeat("0", 64), "another scheme": "Basic " + c.Token, "an empty token": "Bearer ",
		} {
			if code, body := post(t, c.HTTP(nil), c.URL, method, nil, "Authorization", header); code != http.StatusUnauthorized {
				t.Errorf("%s with %s = %d %s; want 401", method, who, code, body)
			}
		}
		// An appliance is no operator.
		if code, body := post(t, c.HTTP(certificate(a.Identity.GetTlsCertificate(), a.TLS)), c.URL, method, nil); code != http.StatusUnauthorized {
			t.Errorf("%s as an appliance = %d %s; want 401", method, code, body)
		}
	}
}

func try(t *testing.T, client *http.Client, url, method string) (int, string, error) {
	t.Helper()
	r := ct.Value(http.NewRequestWithContext(t.Context(), http.MethodPost, url+method, http.NoBody))(t)
	r.Header.Set("Content-Type", "application/proto")
	answer, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read to its end
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body), err
}

func certificate(der []byte, key *ecdsa.PrivateKey) *tls.Certificate {
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestTwoPracticesCannotSeeEachOtherThroughAnAppliance(t *testing.T) {
	c := ct.New(t)
	mine := c.Appliance(c.Site("Riverside", "Main Street").ID)
	other := c.Appliance(c.Site("Lakeside", "Harbour").ID)
	other.Add(ct.Report("h_1", 1, "fail", "i_1"))
	cosigned := ct.Value(other.Submit(0))(t).GetCosigned()
	ct.Value(mine.Submit(0))(t)
	ctx := t.Context()
	for what, err := range map[string]error{
		"WitnessState":   second(mine.Client.WitnessState(ctx, connect.NewRequest(&centralv1.WitnessStateRequest{LogOrigin: other.Origin}))),
		"FetchEvidence":  second(mine.Client.FetchEvidence(ctx, connect.NewRequest(&centralv1.FetchEvidenceRequest{LogOrigin: other.Origin}))),
		"SubmitEvidence": second(mine.Client.SubmitEvidence(ctx, connect.NewRequest(other.Request(0)))),
	} {
		if connect.CodeOf(err) != connect.CodePermissionDenied {
			t.Errorf("%s of another practice's log = %v; want permission denied", what, err)
		}
	}
	if _, err := mine.Client.OpenEpoch(ctx, connect.NewRequest(&centralv1.OpenEpochRequest{LastCheckpoint: cosigned})); connect.CodeOf(err) != connect.CodeFailedPrecondition {
		t.Errorf("OpenEpoch with another's checkpoint = %v; want failed precondition", err)
	}
	state := ct.Value(mine.Client.WitnessState(ctx, connect.NewRequest(&centralv1.WitnessStateRequest{})))(t).Msg
	if state.GetLogOrigin() != mine.Origin {
		t.Errorf("the newest log is %s; want %s", state.GetLogOrigin(), mine.Origin)
	}
	// A check-in names hosts of its own site only, whatever ids it uses.
	ct.Value(mine.Client.CheckIn(ctx, connect.NewRequest(&centralv1.CheckInRequest{Hosts: []*centralv1.HostStatus{{HostId: "h_1", Hostname: "STOLEN"}}})))(t)
	host := ct.Value(c.Operator(c.Token).GetHost(ctx, connect.NewRequest(&centralv1.GetHostRequest{SiteId: other.Identity.GetSiteId(), HostId: "h_1"})))(t).Msg
	if host.GetHost().GetHostname() != "WS-h_1" {
		t.Errorf("the other practice's host is named %q", host.GetHost().GetHostname())
	}
	// Nor does an operator's call for one site reach rows of the other.
	op := c.Operator(c.Token)
	bundleID := ct.Value(op.ListEvidence(ctx, connect.NewRequest(&centralv1.ListEvidenceRequest{SiteId: other.Identity.GetSiteId(), HostId: "h_1"})))(t).Msg.GetEvidence()[0].GetBundleId()
	if _, err := op.GetEvidence(ctx, connect.NewRequest(&centralv1.GetEvidenceRequest{SiteId: mine.Identity.GetSiteId(), BundleId: bundleID})); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("GetEvidence under the wrong site = %v; want not found", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestMalformedMessagesAreRefusedAndUnknownFieldsAreNot(t *testing.T) {
	c := ct.New(t)
	a := c.Appliance(c.Site("Riverside", "Main Street").ID)
	client := c.HTTP(certificate(a.Identity.GetTlsCertificate(), a.TLS))
	check := centralv1connect.ApplianceServiceCheckInProcedure
	if code, body := post(t, client, c.URL, check, []byte{0xff, 0xff, 0xff}); code != http.StatusBadRequest || !strings.Contains(body, "invalid_argument") {
		t.Errorf("malformed protobuf = %d %s; want 400", code, body)
	}
	unknown := protowire.AppendString(protowire.AppendTag(ct.Value(proto.Marshal(&centralv1.CheckInRequest{Hostname: "x"}))(t), 9999, protowire.BytesType), "future")
	if code, body := post(t, client, c.URL, check, unknown); code != http.StatusOK {
		t.Errorf("an unknown field = %d %s; want 200", code, body)
	}
	if code, body := post(t, client, c.URL, check, make([]byte, 33<<20)); code != http.StatusTooManyRequests || !strings.Contains(body, "resource_exhausted") {
		t.Errorf("an oversized message = %d %.80s; want resource exhausted", code, body)
	}
	// Strangers may send no more than a claim.
	if code, body := post(t, c.HTTP(nil), c.URL, centralv1connect.ApplianceServiceClaimProcedure, make([]byte, 1<<20)); code == http.StatusOK || strings.Contains(body, "not known") {
		t.Errorf("an oversized claim = %d %s; want a refusal before it is read", code, body)
	}
	if code, _ := post(t, c.HTTP(nil), c.URL, "/central.v1.ApplianceService/Nothing", nil); code != http.StatusNotFound {
		t.Errorf("an unknown method = %d; want 404", code)
	}
	many := &centralv1.SubmitEvidenceRequest{LogOrigin: a.Origin}
	for n := range uint64(5000) {
		many.Entries = append(many.Entries, &centralv1.LogEntry{Index: n})
	}
	if _, err := a.Client.SubmitEvidence(t.Context(), connect.NewRequest(many)); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("5000 entries = %v; want invalid argument", err)
	}
	ct.Value(a.Submit(0))(t) // it cost nothing else
}

func TestFleetCallsAreJudgedAndRecorded(t *testing.T) {
	c := ct.New(t)
	ctx, op := t.Context(), c.Operator(c.Token)
	client := ct.Value(op.CreateClient(ctx, connect.NewRequest(&centralv1.CreateClientRequest{Name: " Riverside "})))(t).Msg.GetClient()
	if client.GetName() != "Riverside" || client.GetScore().GetPercent() != -1 {
		t.Errorf("client = %v; want a trimmed name and no data", client)
	}
	made := ct.Value(op.CreateSite(ctx, connect.NewRequest(&centralv1.CreateSiteRequest{ClientId: client.GetClientId(), Name: "Main", Ceiling: trustv1.Tier_TIER_SELF_HEAL})))(t).Msg.GetSite()
	id := made.GetSiteId()
	if made.GetTier() != trustv1.Tier_TIER_MONITOR_ONLY || made.GetScore().GetPercent() != -1 || made.GetCentralRootFingerprint() != c.Keys.Root.String() {
		t.Errorf("site = %v; want monitor only, no data, our root", made)
	}
	for name, tt := range map[string]struct {
		err  error
		want connect.Code
	}{
		"an empty name":            {second(op.CreateClient(ctx, connect.NewRequest(&centralv1.CreateClientRequest{Name: "  "}))), connect.CodeInvalidArgument},
		"a site of no client":      {second(op.CreateSite(ctx, connect.NewRequest(&centralv1.CreateSiteRequest{ClientId: "c_x", Name: "x"}))), connect.CodeNotFound},
		"a tier that is none":      {second(op.CreateSite(ctx, connect.NewRequest(&centralv1.CreateSiteRequest{ClientId: client.GetClientId(), Name: "x", Ceiling: 9}))), connect.CodeInvalidArgument},
		"a tier above the ceiling": {second(op.SetPolicy(ctx, connect.NewRequest(&centralv1.SetPolicyRequest{SiteId: id, Policy: &trustv1.Policy{Tier: trustv1.Tier_TIER_FULL_REMEDIATION}}))), connect.CodeFailedPrecondition},
		"a host tier above it":     {second(op.SetPolicy(ctx, connect.NewRequest(&centralv1.SetPolicyRequest{SiteId: id, Policy: &trustv1.Policy{HostTiers: []*trustv1.HostTier{{AgentId: "a", Tier: 2}}}}))), connect.CodeFailedPrecondition},
		"no policy":                {second(op.SetPolicy(ctx, connect.NewRequest(&centralv1.SetPolicyRequest{SiteId: id}))), connect.CodeInvalidArgument},
		"a check every ms":         {second(op.SetPolicy(ctx, connect.NewRequest(&centralv1.SetPolicyRequest{SiteId: id, Policy: &trustv1.Policy{CheckIntervalMs: 1}}))), connect.CodeInvalidArgument},
		"a policy of no site":      {second(op.SetPolicy(ctx, connect.NewRequest(&centralv1.SetPolicyRequest{SiteId: "s_x", Policy: &trustv1.Policy{}}))), connect.CodeNotFound},
		"an agent nobody saw":      {second(op.RevokeAgent(ctx, connect.NewRequest(&centralv1.RevokeAgentRequest{SiteId: id, AgentId: "ag_x", Reason: "stolen"}))), connect.CodeNotFound},
		"a page token of nobody":   {second(op.ListHosts(ctx, connect.NewRequest(&centralv1.ListHostsRequest{SiteId: id, PageToken: "%%%"}))), connect.CodeInvalidArgument},
		"hosts of no site":         {second(op.ListHosts(ctx, connect.NewRequest(&centralv1.ListHostsRequest{SiteId: "s_x"}))), connect.CodeNotFound},
		"an odd state":             {second(op.ListIncidents(ctx, connect.NewRequest(&centralv1.ListIncidentsRequest{SiteId: id, State: "x"}))), connect.CodeInvalidArgument},
		"a code for ever":          {second(op.CreateProvisioningCode(ctx, connect.NewRequest(&centralv1.CreateProvisioningCodeRequest{SiteId: id, ValidMs: 1 << 62}))), connect.CodeInvalidArgument},
	} {
		if connect.CodeOf(tt.err) != tt.want {
			t.Errorf("%s = %v; want %v", name, tt.err, tt.want)
		}
	}
	a := c.Appliance(store.SiteID(id))
	a.Add(ct.Report("h_1", 1, "pass", ""))
	ct.Value(a.Submit(0))(t)
	revoked := ct.Value(op.RevokeAgent(ctx, connect.NewRequest(&centralv1.RevokeAgentRequest{SiteId: id, AgentId: "ag_h_1", Reason: "stolen laptop"})))(t).Msg
	chain, version, err := c.Publish.Trust(ctx, store.SiteID(id))
	ct.Check(t, err)
	doc := &trustv1.TrustDoc{}
	ct.Check(t, proto.Unmarshal(chain.GetDoc().GetPayload(), doc))
	if version != revoked.GetTrustVersion() || len(doc.GetRevokedAgents()) != 1 || doc.GetRevokedAgents()[0] != "ag_h_1" {
		t.Errorf("trust document %d revokes %v; want version %d with the agent", version, doc.GetRevokedAgents(), revoked.GetTrustVersion())
	}
	lines := ct.Value(c.Store.Audits(ctx, 0, 100))(t)
	seen := map[string]string{}
	for _, l := range lines {
		if l.Actor != "tester" {
			t.Errorf("actor = %q; want tester", l.Actor)
		}
		seen[l.Action] += l.Outcome + ";"
	}
	for action, want := range map[string]string{"CreateClient": "ok", "RevokeAgent": "ok", "SetPolicy": "ceiling", "CreateSite": "tier"} {
		if !strings.Contains(seen[action], want) && !strings.Contains(seen[action], "consented") {
			t.Errorf("audit of %s = %q; want %q", action, seen[action], want)
		}
	}
}

func TestInsidesAreNotShownToStrangers(t *testing.T) {
	c := ct.New(t)
	a := c.Appliance(c.Site("Riverside", "Main Street").ID)
	ct.Check(t, c.Store.Close()) // the database is gone
	_, err := a.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{}))
	if connect.CodeOf(err) != connect.CodeInternal || strings.Contains(err.Error(), "sql") {
		t.Errorf("CheckIn without a database = %v; want internal and no more", err)
	}
	var details *connect.Error
	if errors.As(err, &details) && !strings.Contains(details.Message(), "log says more") {
		t.Errorf("message = %q", details.Message())
	}
}

func TestAnAppliancePastItsCertificateIsRefusedAtTheHandshake(t *testing.T) {
	c := ct.New(t)
	a := c.Appliance(c.Site("Riverside", "Main Street").ID)
	late := ct.Expired(t, c, a, time.Now().Add(-time.Hour))
	client := c.HTTP(certificate(late, a.TLS))
	if code, body, err := try(t, client, c.URL, centralv1connect.ApplianceServiceCheckInProcedure); err == nil {
		t.Errorf("an expired certificate = %d %s; want a failed handshake", code, body)
	}
}
