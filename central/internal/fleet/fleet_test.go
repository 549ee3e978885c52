package fleet_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/bundle"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/fleet"
	"github.com/osiriscare/osiris/central/internal/store"
)

// busy is a site with 7 hosts, an incident each.
func busy(t testing.TB) (*ct.Central, store.SiteID, *ct.Appliance) {
	t.Helper()
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	a := c.Appliance(s.ID)
	for n := range 7 {
		b := ct.Report(fmt.Sprintf("h_%d", n), 1, "fail", fmt.Sprintf("i_%d", n))
		b.ReceivedTime = bundle.At(time.Now().Add(time.Duration(n/2) * time.Second)) // some are equal
		a.Add(b)
	}
	ct.Value(a.Submit(0))(t)
	return c, s.ID, a
}

// walk collects the ids of all pages of two.
func walk[T any](t *testing.T, page func(p fleet.Page) ([]T, string, error), id func(T) string) (all []string) {
	t.Helper()
	for p := (fleet.Page{Size: 2}); ; {
		rows, next, err := page(p)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) > 2 {
			t.Fatalf("a page of two has %d rows", len(rows))
		}
		for _, r := range rows {
			all = append(all, id(r))
		}
		if next == "" {
			return all
		}
		p.Token = next
	}
}

func TestPagesMissAndRepeatNothing(t *testing.T) {
	c, site, _ := busy(t)
	hosts := walk(t, func(p fleet.Page) ([]*centralv1.Host, string, error) { return c.Fleet.Hosts(t.Context(), site, p) }, (*centralv1.Host).GetHostId)
	if diff := cmp.Diff([]string{"h_0", "h_1", "h_2", "h_3", "h_4", "h_5", "h_6"}, hosts); diff != "" {
		t.Errorf("hosts differ:\n%s", diff)
	}
	incidents := walk(t, func(p fleet.Page) ([]*centralv1.Incident, string, error) {
		return c.Fleet.Incidents(t.Context(), site, "", true, p)
	}, (*centralv1.Incident).GetIncidentId)
	if diff := cmp.Diff([]string{"i_6", "i_5", "i_4", "i_3", "i_2", "i_1", "i_0"}, incidents); diff != "" {
		t.Errorf("incidents differ:\n%s", diff)
	}
	evidence := walk(t, func(p fleet.Page) ([]*centralv1.Evidence, string, error) {
		return c.Fleet.EvidenceList(t.Context(), fleet.EvidenceQuery{Site: site}, p)
	}, (*centralv1.Evidence).GetBundleId)
	if len(evidence) != 8 {
		t.Errorf("evidence = %d; want 8", len(evidence))
	}
}

func TestStatesOfHostsAndAppliances(t *testing.T) {
	c, site, a := busy(t)
	now := time.Now()
	ct.Value(a.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{Hosts: []*centralv1.HostStatus{
		{HostId: "h_0", Connected: true, LastSeenMs: now.UnixMilli()},
		{HostId: "x_never"},
		{HostId: "x_stale", LastSeenMs: now.Add(-2 * time.Hour).UnixMilli()},
		{HostId: "x_future", LastSeenMs: now.Add(100 * time.Hour).UnixMilli()},
		{HostId: ""},
	}})))(t)
	hosts, _, err := c.Fleet.Hosts(t.Context(), site, fleet.Page{})
	ct.Check(t, err)
	got := map[string]string{}
	for _, h := range hosts {
		got[h.GetHostId()] = h.GetState()
		if h.GetHostId() == "x_never" && h.GetScore().GetPercent() != -1 {
			t.Error("a host without verdicts has a percentage")
		}
	}
	want := map[string]string{
		"h_0": "connected", "h_1": "seen", "h_2": "seen", "h_3": "seen", "h_4": "seen", "h_5": "seen", "h_6": "seen",
		"x_never": "never", "x_stale": "stale", "x_future": "seen",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states differ (-want +got):\n%s", diff)
	}
	// Whether a host is connected is not known once its appliance is silent.
	row := ct.Value(c.Store.Appliance(t.Context(), store.ApplianceID(a.Identity.GetApplianceId())))(t)
	old := now.Add(-10 * time.Minute).UnixMilli()
	row.CheckIn.AtMs = old
	ct.Check(t, c.Store.SaveCheckIn(t.Context(), row.ID, site, row.CheckIn, []store.LiveHost{{HostID: "h_0", Connected: true, LastSeenMs: old, ReportedMs: old}}))
	host, _, err := c.Fleet.Host(t.Context(), site, "h_0")
	ct.Check(t, err)
	s := ct.Value(c.Fleet.Site(t.Context(), site))(t)
	if host.GetState() != "seen" || s.GetAppliances()[0].GetState() != "stale" {
		t.Errorf("host %s, appliance %s; want seen and stale", host.GetState(), s.GetAppliances()[0].GetState())
	}
}

func TestAVerdictOlderThanADayIsUnknown(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	a := c.Appliance(s.ID)
	b := ct.Report("h_1", 1, "pass", "")
	b.ReceivedTime = bundle.At(time.Now().Add(-25 * time.Hour))
	a.Add(b)
	ct.Value(a.Submit(0))(t)
	host, checks, err := c.Fleet.Host(t.Context(), s.ID, "h_1")
	ct.Check(t, err)
	if host.GetScore().GetUnknown() != 1 || host.GetScore().GetPercent() != 0 || checks[0].GetStatus() != "unknown" {
		t.Errorf("score %v, check %s; want unknown", host.GetScore(), checks[0].GetStatus())
	}
}

func TestPageSizesAreBounded(t *testing.T) {
	c, site, _ := busy(t)
	for _, size := range []uint32{0, 1, 1000, 1 << 31} {
		if _, _, err := c.Fleet.Hosts(t.Context(), site, fleet.Page{Size: size}); err != nil {
			t.Errorf("a page of %d = %v", size, err)
		}
	}
}

func FuzzPageToken(f *testing.F) {
	c, site, _ := busy(f)
	_, token, err := c.Fleet.Incidents(f.Context(), site, "", true, fleet.Page{Size: 1})
	ct.Check(f, err)
	f.Add(token)
	f.Add("bnVsbA")
	f.Add("%")
	f.Fuzz(func(t *testing.T, token string) {
		for _, err := range []error{
			third(c.Fleet.Clients(t.Context(), fleet.Page{Token: token})),
			third(c.Fleet.Sites(t.Context(), "", fleet.Page{Token: token})),
			third(c.Fleet.Hosts(t.Context(), site, fleet.Page{Token: token})),
			third(c.Fleet.Incidents(t.Context(), site, "", false, fleet.Page{Token: token})),
			third(c.Fleet.EvidenceList(t.Context(), fleet.EvidenceQuery{Site: site}, fleet.Page{Token: token})),
		} {
			if err != nil && !errors.Is(err, fleet.ErrPage) {
				t.Errorf("a page token %q = %v; want rows or ErrPage", token, err)
			}
		}
	})
}

func third[A, B any](_ A, _ B, err error) error { return err }
