package intake_test

import (
	"path/filepath"
	"strings"
	"testing"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/bundle"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/intake"
)

// listed are all bundles of a site as the API lists them, newest first.
func listed(t *testing.T, c *ct.Central, site string) []*centralv1.Evidence {
	t.Helper()
	request := &centralv1.ListEvidenceRequest{SiteId: site, PageSize: 1000}
	return ct.Value(c.Operator(c.Token).ListEvidence(t.Context(), connect.NewRequest(request)))(t).Msg.GetEvidence()
}

// verdictOf is what the site's one host is said to be.
func verdictOf(t *testing.T, c *ct.Central, site string) string {
	t.Helper()
	request := &centralv1.GetHostRequest{SiteId: site, HostId: "h_1"}
	for _, check := range ct.Value(c.Operator(c.Token).GetHost(t.Context(), connect.NewRequest(request)))(t).Msg.GetChecks() {
		if check.GetBundleId() != "" {
			return check.GetStatus()
		}
	}
	return ""
}

// proves fetches a bundle of a log and verifies its files alone.
func proves(t *testing.T, c *ct.Central, e *centralv1.Evidence) {
	t.Helper()
	got := ct.Value(c.Operator(c.Token).GetEvidence(t.Context(), connect.NewRequest(&centralv1.GetEvidenceRequest{
		SiteId: e.GetSiteId(), BundleId: e.GetBundleId(), LogOrigin: e.GetLogOrigin(), LogIndex: e.GetLogIndex(),
	})))(t).Msg
	if got.GetEvidence().GetSha256() != e.GetSha256() {
		t.Errorf("evidence of %s = %s; want %s", e.GetLogOrigin(), got.GetEvidence().GetSha256(), e.GetSha256())
	}
	dir := filepath.Join(t.TempDir(), e.GetBundleId())
	ct.WriteFiles(t, dir, got.GetFiles())
	if report := bundle.VerifyFolder(dir, &c.Keys.Root); report.Result != bundle.Proven {
		t.Errorf("VerifyFolder of %s in %s = %+v; want proven", e.GetBundleId(), e.GetLogOrigin(), report)
	}
}

func TestOneApplianceCannotBlockAnotherOfItsSite(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	honest, other := c.Appliance(s.ID), c.Appliance(s.ID)
	honest.Add(ct.Report("h_1", 1, "pass", ""))
	ct.Value(honest.Submit(0))(t)
	// The record reached both appliances, or one of them has guessed the id.
	other.Add(ct.Report("h_1", 1, "fail", "i_1"))
	ct.Value(other.Submit(0))(t)
	other.Add(ct.Report("h_1", 2, "fail", "i_2"))
	if answer := ct.Value(other.Submit(2))(t); answer.GetSize() != 3 || answer.GetCosigned() == nil {
		t.Errorf("the other's log = %v; want 3 entries, cosigned", answer)
	}
	honest.Add(ct.Report("h_1", 2, "pass", ""))
	honest.Add(ct.Report("h_1", 3, "pass", ""))
	if answer := ct.Value(honest.Submit(2))(t); answer.GetSize() != 4 || answer.GetCosigned() == nil {
		t.Errorf("the honest log = %v; want 4 entries, cosigned", answer)
	}

	all := listed(t, c, string(s.ID))
	keys, flagged := map[string]int{}, 0
	for _, e := range all {
		proves(t, c, e)
		if e.GetDuplicate() {
			flagged++
		}
		if e.GetAgentId() != "" {
			keys[e.GetAgentId()+e.GetQueueId()+string(rune('0'+e.GetSeq()))]++
		}
	}
	if len(all) != 7 || flagged != 2 {
		t.Errorf("%d bundles are listed, %d flagged; want 7 and 2", len(all), flagged)
	}
	if len(keys) != 3 {
		t.Errorf("keys of records = %v; want three", keys)
	}
	for key, n := range keys {
		if n != 1 {
			t.Errorf("record %s is listed %d times; want once", key, n)
		}
	}
	incidents := ct.Value(c.Operator(c.Token).ListIncidents(t.Context(), connect.NewRequest(&centralv1.ListIncidentsRequest{SiteId: string(s.ID), State: "all"})))(t).Msg.GetIncidents()
	if len(incidents) != 1 || incidents[0].GetIncidentId() != "i_2" {
		t.Errorf("incidents = %v; want that of the bundle which came first only", incidents)
	}
	before := verdictOf(t, c, string(s.ID))
	if _, err := intake.Rebuild(t.Context(), c.Store, c.Archive); err != nil {
		t.Fatal(err)
	}
	if after := verdictOf(t, c, string(s.ID)); before != "pass" || after != before {
		t.Errorf("the verdict is %q and %q after a rebuild; want pass", before, after)
	}
}

func TestALogGoesOnWhateverItsBundlesAreNamed(t *testing.T) {
	for name, bundles := range map[string][]bundle.Bundle{
		"a held id gets other content":         {ct.Report("h_1", 1, "fail", "")},
		"two bundles of one batch share an id": {ct.Report("h_1", 2, "pass", ""), ct.Report("h_1", 2, "fail", "")},
		"a held record gets another id":        {renamed(ct.Report("h_1", 1, "fail", ""))},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, b := range bundles {
				w.a.Add(b)
			}
			want := uint64(len(w.a.Entries))
			if answer := ct.Value(w.a.Submit(2))(t); answer.GetSize() != want || answer.GetCosigned() == nil {
				t.Fatalf("answer = %v; want size %d, cosigned", answer, want)
			}
			all := listed(t, w.c, w.a.Identity.GetSiteId())
			if uint64(len(all)) != want || !all[0].GetDuplicate() || all[0].GetAgentId() != "" {
				t.Errorf("newest of %d = %v; want %d with the newest flagged, without the record's key", len(all), all[0], want)
			}
			proves(t, w.c, all[0])
			if got := verdictOf(t, w.c, w.a.Identity.GetSiteId()); got != "pass" {
				t.Errorf("the verdict is %q; want the first, pass", got)
			}
		})
	}
}

func renamed(b bundle.Bundle) bundle.Bundle {
	b.BundleID = bundle.IDOf("another name")
	return b
}

func TestAnEpochKeepsNoMoreThanEitherSideHas(t *testing.T) {
	w := newWorld(t)
	held := ct.Value(w.c.Store.Witnessed(t.Context(), w.a.Origin))(t)
	answer := ct.Value(w.a.Client.OpenEpoch(t.Context(), connect.NewRequest(&centralv1.OpenEpochRequest{
		LastCheckpoint: held.Checkpoint, Reason: "restored",
	})))(t).Msg
	w.a.Trust = ct.Value(marshal(answer.GetTrust()))(t)
	for _, tt := range []struct {
		kept, local uint64
		good        bool
	}{{3, 9, false}, {2, 1, false}, {1 << 60, 1 << 60, false}, {2, 5, true}} {
		w.a.Begin(answer.GetLogOrigin(), bundle.Epoch{LastCheckpoint: string(held.Checkpoint), KeptSize: tt.kept, LocalSize: tt.local, Reason: "restored"})
		_, err := w.a.Submit(0)
		if tt.good && err != nil || !tt.good && (connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), "kept_size")) {
			t.Errorf("kept_size %d of %d witnessed, local_size %d: %v; want good = %t", tt.kept, held.Size, tt.local, err, tt.good)
		}
	}
}
