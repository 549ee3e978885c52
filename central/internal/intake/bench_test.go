package intake_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/logproof"

	"github.com/osiriscare/osiris/central/internal/archive"
	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/intake"
	"github.com/osiriscare/osiris/central/internal/store"
)

// BenchmarkSubmit takes batches of 256 bundles of about 3 KB: verified, archived
// and committed. DESIGN §11 asks for 2,000 bundles/s on PostgreSQL.
func BenchmarkSubmit(b *testing.B) {
	c := ct.New(b)
	a := c.Appliance(c.Site("Riverside", "Main Street").ID)
	row := ct.Value(c.Store.Appliance(b.Context(), store.ApplianceID(a.Identity.GetApplianceId())))(b)
	const size = 256
	facts := make([]bundle.Fact, 12)
	for n := range facts {
		facts[n] = bundle.Fact{Name: fmt.Sprintf("net.ipv4.conf.all.setting_%d", n), Value: "/etc/sysctl.d/60-osiris.conf"}
	}
	seq := uint64(0)
	for b.Loop() {
		b.StopTimer()
		batch := intake.Batch{Origin: a.Origin}
		for range size {
			seq++
			r := ct.Report("h_"+strconv.FormatUint(seq%500, 10), seq, "pass", "")
			r.Verdict.Facts = facts
			a.Add(r)
		}
		for _, e := range a.Entries {
			batch.Items = append(batch.Items, archive.Item{Position: e.GetIndex(), Entry: e.GetEntry(), Bundle: e.GetBundle(), Signature: e.GetSignature()})
		}
		batch.Checkpoint = ct.Value(a.Head.Checkpoint().Sign(logproof.LogSigner(a.Origin, a.Log)))(b)
		a.Entries = nil
		b.StartTimer()
		if taken, err := c.Intake.Submit(b.Context(), row, batch); err != nil || taken.Cosigned == nil {
			b.Fatalf("Submit = %+v, %v", taken, err)
		}
	}
	b.ReportMetric(float64(seq)/b.Elapsed().Seconds(), "bundles/s")
}

// BenchmarkSitePage reads what a site's page shows, with 20,000 hosts of six
// checks.
func BenchmarkSitePage(b *testing.B) {
	const hosts = 20_000
	c := ct.New(b)
	s := c.Site("Riverside", "Main Street")
	now := time.Now().UnixMilli()
	ct.Check(b, c.Store.Rebuild(b.Context(), func(p *store.Projection) error {
		for h := range hosts {
			id := fmt.Sprintf("h_%05d", h)
			if err := p.PutHost(b.Context(), store.Host{SiteID: s.ID, HostID: id, Hostname: id, Source: "agent", EvidenceMs: now}); err != nil {
				return err
			}
			for k := range 6 {
				if err := p.PutVerdict(b.Context(), store.Verdict{
					SiteID: s.ID, HostID: id, CheckID: fmt.Sprintf("check_%d", k), Source: "agent", Status: []string{"pass", "fail", "unknown"}[(h+k)%3], ReceivedMs: now,
				}); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	for b.Loop() {
		ct.Value(c.Fleet.Site(b.Context(), s.ID))(b)
	}
}
