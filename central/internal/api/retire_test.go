package api_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/bundle"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/store"
)

func retire(t *testing.T, c *ct.Central, site, appliance, reason string) (*centralv1.RetireApplianceResponse, error) {
	t.Helper()
	answer, err := c.Operator(c.Token).RetireAppliance(t.Context(), connect.NewRequest(&centralv1.RetireApplianceRequest{
		SiteId: site, ApplianceId: appliance, Reason: reason,
	}))
	if err != nil {
		return nil, err
	}
	return answer.Msg, nil
}

func TestARetiredApplianceIsOutAndItsEvidenceStillProves(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	code := c.Code(s.ID, time.Hour)
	a := c.Unclaimed()
	ct.Check(t, a.Claim(code))
	b := ct.Report("h_1", 1, "pass", "")
	a.Add(b)
	ct.Value(a.Submit(0))(t)
	ct.Value(a.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{})))(t)
	id := a.Identity.GetApplianceId()
	answer := ct.Value(retire(t, c, string(s.ID), id, "replaced by a new box"))(t)

	a.Add(ct.Report("h_1", 2, "pass", ""))
	for what, err := range map[string]error{
		"CheckIn":        second(a.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{}))),
		"SubmitEvidence": second(a.Submit(2)),
		"a new Claim":    second(a.Client.Claim(t.Context(), connect.NewRequest(a.ClaimRequest(c.Code(s.ID, time.Hour))))),
	} {
		if connect.CodeOf(err) != connect.CodeUnauthenticated || !strings.Contains(err.Error(), "retired") {
			t.Errorf("%s of a retired appliance = %v; want unauthenticated", what, err)
		}
	}
	chain, version, err := c.Publish.Trust(t.Context(), s.ID)
	ct.Check(t, err)
	doc := &trustv1.TrustDoc{}
	ct.Check(t, proto.Unmarshal(chain.GetDoc().GetPayload(), doc))
	if version != answer.GetTrustVersion() || len(doc.GetAppliances()) != 1 || !doc.GetAppliances()[0].GetRetired() {
		t.Errorf("trust document %d says %v; want version %d with the appliance retired", version, doc.GetAppliances(), answer.GetTrustVersion())
	}
	// What it issued lives on, or the next appliance could not take its agents (D10).
	if len(doc.GetSiteRoots()) != 1 || len(doc.GetRevokedSerials()) != 0 || len(doc.GetRevokedAgents()) != 0 {
		t.Errorf("the trust document of a retired appliance revokes: %v", doc)
	}
	got := ct.Value(c.Operator(c.Token).GetEvidence(t.Context(), connect.NewRequest(&centralv1.GetEvidenceRequest{SiteId: string(s.ID), BundleId: b.BundleID})))(t).Msg
	dir := filepath.Join(t.TempDir(), b.BundleID)
	ct.WriteFiles(t, dir, got.GetFiles())
	if report := bundle.VerifyFolder(dir, &c.Keys.Root); report.Result != bundle.Proven {
		t.Errorf("VerifyFolder = %+v; want proven", report)
	}
	line := ct.Value(c.Store.Audits(t.Context(), 0, 1))(t)[0]
	if line.Action != "RetireAppliance" || line.Actor != "tester" || line.SiteID != s.ID || line.Outcome != "ok" || line.Subject != id+": replaced by a new box" {
		t.Errorf("audit line = %+v; want who retired which appliance and why", line)
	}
	if again := ct.Value(retire(t, c, string(s.ID), id, "once more"))(t); again.GetTrustVersion() != version {
		t.Errorf("retiring it again published version %d; want %d, nothing changed", again.GetTrustVersion(), version)
	}
}

func TestOnlyAnApplianceOfTheSiteIsRetiredAndForAReason(t *testing.T) {
	c := ct.New(t)
	mine, other := c.Appliance(c.Site("Riverside", "Main Street").ID), c.Appliance(c.Site("Lakeside", "Harbour").ID)
	for name, tt := range map[string]struct {
		site, appliance, reason string
		want                    connect.Code
	}{
		"no reason":              {mine.Identity.GetSiteId(), mine.Identity.GetApplianceId(), "", connect.CodeInvalidArgument},
		"no appliance":           {mine.Identity.GetSiteId(), "", "replaced", connect.CodeNotFound},
		"another site's":         {mine.Identity.GetSiteId(), other.Identity.GetApplianceId(), "replaced", connect.CodeNotFound},
		"an appliance of nobody": {mine.Identity.GetSiteId(), "ap_x", "replaced", connect.CodeNotFound},
	} {
		if _, err := retire(t, c, tt.site, tt.appliance, tt.reason); connect.CodeOf(err) != tt.want {
			t.Errorf("RetireAppliance with %s = %v; want %v", name, err, tt.want)
		}
	}
	row := ct.Value(c.Store.Appliance(t.Context(), store.ApplianceID(other.Identity.GetApplianceId())))(t)
	if row.Retired {
		t.Error("another practice's appliance is retired")
	}
}
