package intake_test

import (
	"path/filepath"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/logproof"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
)

func TestEvidenceIsVerifiedCosignedAndListed(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside Family Practice", "Main Street")
	a := c.Appliance(s.ID)
	a.Add(ct.Report("h_1", 1, "fail", "i_1"))
	a.Add(ct.About(bundle.KindCommand, "h_1", "i_1", bundle.OutcomeNone))
	a.Add(ct.Result("h_1", 2, "i_1", bundle.OutcomeSuccess, "pass"))
	answer := ct.Value(a.Submit(0))(t)
	if answer.GetSize() != 4 {
		t.Fatalf("size = %d; want 4", answer.GetSize())
	}
	own := ct.Value(logproof.LogVerifier(logproof.LogVKey(a.Origin, a.Log.Public())))(t)
	wit := ct.Value(logproof.WitnessVerifier(logproof.WitnessVKey(c.Keys.WitnessName(), c.Keys.Witness.Public())))(t)
	opened := ct.Value(logproof.OpenCheckpoint(answer.GetCosigned(), own, wit))(t)
	if len(opened.Cosigned) != 1 || opened.Size != 4 {
		t.Errorf("cosigned checkpoint = %+v; want size 4 with one cosignature", opened)
	}
	again := ct.Value(a.Submit(0))(t)
	if diff := cmp.Diff(answer.GetCosigned(), again.GetCosigned()); diff != "" {
		t.Errorf("the same batch again was answered differently:\n%s", diff)
	}

	op := c.Operator(c.Token)
	list := ct.Value(op.ListEvidence(t.Context(), connect.NewRequest(&centralv1.ListEvidenceRequest{SiteId: string(s.ID)})))(t).Msg
	if len(list.GetEvidence()) != 4 {
		t.Fatalf("evidence = %d; want 4", len(list.GetEvidence()))
	}
	for _, e := range list.GetEvidence() {
		got := ct.Value(op.GetEvidence(t.Context(), connect.NewRequest(&centralv1.GetEvidenceRequest{SiteId: string(s.ID), BundleId: e.GetBundleId()})))(t).Msg
		dir := filepath.Join(t.TempDir(), e.GetBundleId())
		ct.WriteFiles(t, dir, got.GetFiles())
		if report := bundle.VerifyFolder(dir, &c.Keys.Root); report.Result != bundle.Proven {
			t.Errorf("VerifyFolder of %s = %+v; want proven", e.GetKind(), report)
		}
	}
	incidents := ct.Value(op.ListIncidents(t.Context(), connect.NewRequest(&centralv1.ListIncidentsRequest{SiteId: string(s.ID), State: "all"})))(t).Msg
	if n := len(incidents.GetIncidents()); n != 1 || incidents.GetIncidents()[0].GetState() != "resolved" || incidents.GetIncidents()[0].GetOutcome() != "success" {
		t.Errorf("incidents = %v; want one resolved with success", incidents.GetIncidents())
	}
}
