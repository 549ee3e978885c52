package intake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/bundle"

	"github.com/osiriscare/osiris/central/internal/archive"
	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/intake"
	"github.com/osiriscare/osiris/central/internal/store"
)

// story submits the life of some drifts in batches.
func story(t *testing.T, a *ct.Appliance) {
	t.Helper()
	from := uint64(0)
	submit := func() {
		t.Helper()
		from = ct.Value(a.Submit(from))(t).GetSize()
	}
	for h := range 3 {
		host := fmt.Sprintf("h_%d", h)
		incident := "i_" + host
		a.Add(ct.Report(host, 1, "pass", ""))
		a.Add(ct.Report(host, 2, "fail", incident))
		submit()
		a.Add(ct.About(bundle.KindCommand, host, incident, bundle.OutcomeNone))
		if h == 1 {
			a.Add(ct.Result(host, 3, incident, bundle.OutcomeReverted, "fail"))
			a.Add(ct.About(bundle.KindEscalation, host, incident, bundle.OutcomeAlert))
		} else {
			a.Add(ct.Result(host, 3, incident, bundle.OutcomeSuccess, "pass"))
		}
		submit()
	}
	state := ct.Report("h_0", 4, "unknown", "")
	state.Kind, state.Verdict, state.CheckID = bundle.KindState, nil, ""
	state.Verdicts = []bundle.Verdict{{CheckID: "sysctl_hardening", Status: "unknown"}, {CheckID: "disk_space", Status: "pass"}}
	a.Add(state)
	submit()
}

// derived are all rows that follow from bundles.
type derived struct {
	Hosts     []store.HostView
	Verdicts  []store.Verdict
	Incidents []store.Incident
}

func rows(t *testing.T, s *store.Store, site store.SiteID) (d derived) {
	t.Helper()
	ctx := context.Background()
	d.Hosts = ct.Value(s.Hosts(ctx, site, "", 1000))(t)
	for _, h := range d.Hosts {
		d.Verdicts = append(d.Verdicts, ct.Value(s.Verdicts(ctx, site, h.HostID))(t)...)
	}
	d.Incidents = ct.Value(s.Incidents(ctx, store.IncidentFilter{Site: site}, 1000))(t)
	return d
}

func TestRebuildGivesEqualRows(t *testing.T) {
	c := ct.New(t)
	site := c.Site("Riverside", "Main Street")
	story(t, c.Appliance(site.ID))
	before := rows(t, c.Store, site.ID)
	if len(before.Hosts) != 3 || len(before.Verdicts) != 4 || len(before.Incidents) != 3 {
		t.Fatalf("rows before: %d hosts, %d verdicts, %d incidents; want 3, 4, 3", len(before.Hosts), len(before.Verdicts), len(before.Incidents))
	}
	ct.Check(t, c.Store.Rebuild(t.Context(), func(*store.Projection) error { return nil })) // lose them
	if lost := rows(t, c.Store, site.ID); len(lost.Hosts) != 0 {
		t.Fatalf("rows were not lost: %+v", lost)
	}
	n := ct.Value(intake.Rebuild(t.Context(), c.Store, c.Archive))(t)
	if n != 15 {
		t.Errorf("Rebuild read %d bundles; want 15", n)
	}
	if diff := cmp.Diff(before, rows(t, c.Store, site.ID)); diff != "" {
		t.Errorf("rebuilt rows differ (-before +after):\n%s", diff)
	}
}

func TestRebuildFromADamagedArchiveChangesNothing(t *testing.T) {
	c := ct.New(t)
	site := c.Site("Riverside", "Main Street")
	story(t, c.Appliance(site.ID))
	before := rows(t, c.Store, site.ID)
	found := ct.Value(filepath.Glob(filepath.Join(c.Dir, "archive", "*", "*", "*", "*", "*.zip")))(t)
	if len(found) == 0 {
		t.Fatal("the archive holds no file")
	}
	content := ct.Value(os.ReadFile(found[0]))(t)
	// One byte may be one that a zip has no use for; half of the file is not.
	for i := len(content) / 4; i < 3*len(content)/4; i++ {
		content[i] ^= 1
	}
	ct.Check(t, os.Chmod(found[0], 0o600))
	ct.Check(t, os.WriteFile(found[0], content, 0o600))
	if _, err := intake.Rebuild(t.Context(), c.Store, c.Archive); err == nil {
		t.Error("Rebuild of a damaged archive succeeded")
	} else if !errors.Is(err, archive.ErrDamaged) {
		t.Logf("Rebuild = %v", err)
	}
	if diff := cmp.Diff(before, rows(t, c.Store, site.ID)); diff != "" {
		t.Errorf("rows changed:\n%s", diff)
	}
}

func TestIncidentsFollowTheEvidence(t *testing.T) {
	type want struct{ State, Outcome string }
	for name, tt := range map[string]struct {
		bundles []bundle.Bundle
		want    want
	}{
		"a failure opens":                 {[]bundle.Bundle{ct.Report("h", 1, "fail", "i")}, want{"open", ""}},
		"unknown does not clear it":       {[]bundle.Bundle{ct.Report("h", 1, "fail", "i"), ct.Report("h", 2, "unknown", "")}, want{"open", ""}},
		"a pass of its source does":       {[]bundle.Bundle{ct.Report("h", 1, "fail", "i"), ct.Report("h", 2, "pass", "")}, want{"resolved", "cleared"}},
		"a pass of another does not":      {[]bundle.Bundle{ct.Report("h", 1, "fail", "i"), sensor(ct.Report("h", 2, "pass", ""))}, want{"open", ""}},
		"both sources must pass":          {[]bundle.Bundle{ct.Report("h", 1, "fail", "i"), sensor(ct.Report("h", 2, "fail", "i")), ct.Report("h", 3, "pass", "")}, want{"open", ""}},
		"an order makes it healing":       {[]bundle.Bundle{ct.Report("h", 1, "fail", "i"), ct.About(bundle.KindCommand, "h", "i", bundle.OutcomeNone)}, want{"healing", ""}},
		"the order may be logged first":   {[]bundle.Bundle{ct.About(bundle.KindCommand, "h", "i", bundle.OutcomeNone), ct.Report("h", 1, "fail", "i")}, want{"healing", ""}},
		"a verified repair resolves":      {[]bundle.Bundle{ct.Report("h", 1, "fail", "i"), ct.Result("h", 2, "i", bundle.OutcomeSuccess, "pass")}, want{"resolved", "success"}},
		"success without a pass does not": {[]bundle.Bundle{ct.Report("h", 1, "fail", "i"), ct.Result("h", 2, "i", bundle.OutcomeSuccess, "fail")}, want{"open", "success"}},
		"an escalation keeps how the repair ended": {[]bundle.Bundle{
			ct.Report("h", 1, "fail", "i"), ct.Result("h", 2, "i", bundle.OutcomeReverted, "fail"), ct.About(bundle.KindEscalation, "h", "i", bundle.OutcomeAlert),
		}, want{"escalated", "reverted"}},
		"in whichever order they are logged": {[]bundle.Bundle{
			ct.Report("h", 1, "fail", "i"), ct.About(bundle.KindEscalation, "h", "i", bundle.OutcomeAlert), ct.Result("h", 2, "i", bundle.OutcomeReverted, "fail"),
		}, want{"escalated", "reverted"}},
		"a recurrence opens again": {[]bundle.Bundle{
			ct.Report("h", 1, "fail", "i"), ct.Report("h", 2, "pass", ""), ct.Report("h", 3, "fail", "i"),
		}, want{"open", ""}},
		"an agent that took over supersedes": {[]bundle.Bundle{
			road(ct.Report("h", 1, "fail", "i")), taken("h", "i"),
		}, want{"resolved", "superseded"}},
		"it supersedes what a whole state began": {[]bundle.Bundle{
			ct.About(bundle.KindEscalation, "h", "i", bundle.OutcomeAlert), taken("h", "i"),
		}, want{"resolved", "superseded"}},
		"what the agent sees too stays open": {[]bundle.Bundle{
			road(ct.Report("h", 1, "fail", "i")), ct.Report("h", 2, "fail", "i"), taken("h", "i"),
		}, want{"open", ""}},
		"a record of all verdicts ends no incident": {[]bundle.Bundle{
			road(ct.Report("h", 1, "fail", "i")), taken("h", ""),
		}, want{"open", ""}},
		"a first state is seen by its source": {[]bundle.Bundle{
			whole(road(ct.Report("h", 1, "fail", ""))), ct.About(bundle.KindEscalation, "h", "i", bundle.OutcomeAlert), whole(road(ct.Report("h", 2, "pass", ""))),
		}, want{"resolved", "alert"}},
		"and by no other": {[]bundle.Bundle{
			whole(road(ct.Report("h", 1, "fail", ""))), ct.About(bundle.KindEscalation, "h", "i", bundle.OutcomeAlert), ct.Report("h", 2, "pass", ""),
		}, want{"escalated", "alert"}},
		"another host's pass means nothing": {[]bundle.Bundle{ct.Report("h", 1, "fail", "i"), ct.Report("g", 1, "pass", "")}, want{"open", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			s := ct.Value(store.Open(context.Background(), filepath.Join(t.TempDir(), "x.db")))(t)
			defer func() { ct.Check(t, s.Close()) }()
			ct.Check(t, s.Rebuild(t.Context(), func(p *store.Projection) error {
				for n := range tt.bundles {
					tt.bundles[n].SiteID, tt.bundles[n].ReceivedTime = "s", bundle.Time(n+1)
					if err := intake.Project(t.Context(), p, &tt.bundles[n]); err != nil {
						return err
					}
				}
				return nil
			}))
			list := ct.Value(s.Incidents(t.Context(), store.IncidentFilter{Site: "s"}, 10))(t)
			if len(list) != 1 {
				t.Fatalf("incidents = %+v; want one", list)
			}
			if diff := cmp.Diff(tt.want, want{list[0].State, list[0].Outcome}); diff != "" {
				t.Errorf("incident differs (-want +got):\n%s", diff)
			}
		})
	}
}

// road makes a report that of a scan.
func road(b bundle.Bundle) bundle.Bundle {
	b = sensor(b)
	b.Source = "winrm"
	return b
}

// whole makes a report that of a host's whole state, which names no incident.
func whole(b bundle.Bundle) bundle.Bundle {
	b.Kind, b.Verdicts, b.Verdict, b.CheckID = bundle.KindState, []bundle.Verdict{*b.Verdict}, nil, ""
	return b
}

// taken says that an agent watches a host now that was scanned before.
func taken(hostID, incidentID string) bundle.Bundle {
	return bundle.Bundle{
		Kind: bundle.KindSuperseded, HostID: hostID, Source: "appliance", IncidentID: incidentID, Outcome: bundle.OutcomeNone,
		PreState: map[string]string{"sysctl_hardening": "fail"}, PostState: map[string]string{bundle.StateSource: "winrm", bundle.StateBy: "agent"},
	}
}

func TestAHostThatCouldNotBeAskedWasNotHeardOf(t *testing.T) {
	for name, tt := range map[string]struct {
		bundles []bundle.Bundle
		want    int64
	}{
		"an agent's record is a sign of life":      {[]bundle.Bundle{ct.Report("h", 1, "unknown", "")}, 1},
		"so is an answer over WinRM":               {[]bundle.Bundle{road(ct.Report("h", 1, "fail", "i"))}, 1},
		"that a host was not reached is none":      {[]bundle.Bundle{road(ct.Report("h", 1, "unknown", ""))}, 0},
		"nor does it take an earlier one away":     {[]bundle.Bundle{road(ct.Report("h", 1, "pass", "")), road(ct.Report("h", 2, "unknown", ""))}, 1},
		"what the appliance does about it is none": {[]bundle.Bundle{road(ct.Report("h", 1, "fail", "i")), taken("h", "i"), ct.About(bundle.KindEscalation, "h", "i", bundle.OutcomeAlert)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := ct.Value(store.Open(context.Background(), filepath.Join(t.TempDir(), "x.db")))(t)
			defer func() { ct.Check(t, s.Close()) }()
			ct.Check(t, s.Rebuild(t.Context(), func(p *store.Projection) error {
				for n, b := range tt.bundles {
					b.SiteID, b.ReceivedTime = "s", bundle.Time(n+1)
					if err := intake.Project(t.Context(), p, &b); err != nil {
						return err
					}
				}
				return nil
			}))
			if got := ct.Value(s.Host(t.Context(), "s", "h"))(t).EvidenceMs; got != tt.want {
				t.Errorf("heard of at %d; want %d", got, tt.want)
			}
		})
	}
}

func TestWhatWasSupersededIsNoVerdictAnyMore(t *testing.T) {
	s := ct.Value(store.Open(context.Background(), filepath.Join(t.TempDir(), "x.db")))(t)
	defer func() { ct.Check(t, s.Close()) }()
	other := road(ct.Report("h", 1, "fail", ""))
	other.CheckID, other.Verdict.CheckID = "disk_space", "disk_space"
	ct.Check(t, s.Rebuild(t.Context(), func(p *store.Projection) error {
		for n, b := range []bundle.Bundle{ct.Report("h", 1, "pass", ""), road(ct.Report("h", 2, "fail", "i")), other, road(ct.Report("g", 1, "fail", "j")), taken("h", "")} {
			b.SiteID, b.ReceivedTime = "s", bundle.Time(n+1)
			if err := intake.Project(t.Context(), p, &b); err != nil {
				return err
			}
		}
		return nil
	}))
	var left []string
	for _, host := range []string{"g", "h"} {
		for _, v := range ct.Value(s.Verdicts(t.Context(), "s", host))(t) {
			left = append(left, v.HostID+" "+v.CheckID+" "+v.Source+" "+v.Status)
		}
	}
	want := []string{"g sysctl_hardening winrm fail", "h disk_space winrm fail", "h sysctl_hardening agent pass"}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

// sensor makes a report that of a legacy sensor.
func sensor(b bundle.Bundle) bundle.Bundle {
	b.Source, b.AgentID, b.QueueID, b.Seq = "sensor", "", "", 0
	return b
}
