package storetest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/central/internal/store"
)

func documents(t *testing.T, s *store.Store) {
	site, _, _ := seed(t, s, 'a')
	none, err := s.Trust(t.Context(), site.ID)
	if ok(t, err); none.Version != 0 {
		t.Errorf("first trust document = %+v; want none", none)
	}
	for _, v := range []uint64{5, 9, 7} {
		ok(t, s.AddTrust(t.Context(), store.Document{SiteID: site.ID, Version: v, Bytes: []byte{byte(v)}}))
		ok(t, s.AddPolicy(t.Context(), store.Document{SiteID: site.ID, Version: v, Bytes: []byte{byte(v)}}))
	}
	if err := s.AddTrust(t.Context(), store.Document{SiteID: site.ID, Version: 9, Bytes: []byte{1}}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("the same version again = %v; want ErrConflict", err)
	}
	trust, err := s.Trust(t.Context(), site.ID)
	ok(t, err)
	policy, err := s.Policy(t.Context(), site.ID)
	if ok(t, err); trust.Version != 9 || policy.Version != 9 || trust.Bytes[0] != 9 {
		t.Errorf("newest = %d and %d; want 9", trust.Version, policy.Version)
	}
}

func loginOnce(t *testing.T, s *store.Store) {
	code := []byte("code")
	ok(t, s.AddLoginCode(t.Context(), code, 100))
	if err := s.UseLoginCode(t.Context(), code, []byte("late"), "n", 100, 200); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an expired code = %v; want ErrNotFound", err)
	}
	var begun atomic.Int32
	var group sync.WaitGroup
	for n := range byte(8) {
		group.Go(func() {
			if s.UseLoginCode(context.WithoutCancel(t.Context()), code, []byte{n}, "n", 50, 200) == nil {
				begun.Add(1)
			}
		})
	}
	group.Wait()
	if begun.Load() != 1 {
		t.Errorf("sessions = %d; want 1", begun.Load())
	}
}

func sessions(t *testing.T, s *store.Store) {
	ok(t, s.AddSession(t.Context(), []byte("s"), "maria", 10, 100))
	if name, err := s.SessionName(t.Context(), []byte("s"), 99); err != nil || name != "maria" {
		t.Errorf("session = %q, %v; want maria", name, err)
	}
	if _, err := s.SessionName(t.Context(), []byte("s"), 100); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an expired session = %v; want ErrNotFound", err)
	}
	ok(t, s.EndSession(t.Context(), []byte("s")))
	if _, err := s.SessionName(t.Context(), []byte("s"), 50); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an ended session = %v; want ErrNotFound", err)
	}
}

func checkIn(t *testing.T, s *store.Store) {
	site, a, _ := seed(t, s, 'a')
	ok(t, s.SaveCheckIn(t.Context(), a.ID, site.ID, store.CheckIn{AtMs: 5, Hostname: "box", Backlog: 3}, []store.LiveHost{
		{HostID: "h1", Hostname: "one", AgentID: "ag_1", Dropped: 1 << 63}, {HostID: "h2", Hostname: "two"},
	}))
	ok(t, s.SaveCheckIn(t.Context(), a.ID, site.ID, store.CheckIn{AtMs: 6, Hostname: "box"}, []store.LiveHost{
		{HostID: "h1", Hostname: "one", AgentID: "ag_1", Dropped: 1 << 63, ReportedMs: 6},
	}))
	views, err := s.Hosts(t.Context(), site.ID, "", 10)
	if ok(t, err); len(views) != 1 || views[0].HostID != "h1" || views[0].Live.Dropped != 1<<63 {
		t.Errorf("hosts = %+v; want h1 only", views)
	}
	row, err := s.Appliance(t.Context(), a.ID)
	if ok(t, err); row.CheckIn.AtMs != 6 || row.CheckIn.Backlog != 0 || row.Hostname != "box" {
		t.Errorf("appliance = %+v; want the second check-in", row.CheckIn)
	}
	if known, err := s.AgentKnown(t.Context(), site.ID, "ag_1"); err != nil || !known {
		t.Errorf("AgentKnown(ag_1) = %t, %v; want true", known, err)
	}
	if known, err := s.AgentKnown(t.Context(), site.ID, ""); err != nil || known {
		t.Errorf("AgentKnown(nothing) = %t, %v; want false", known, err)
	}
}

func hosts(t *testing.T, s *store.Store) {
	site, a, l := seed(t, s, 'a')
	ok(t, s.Take(t.Context(), take(site.ID, l, 0, "a1"))) // evidence of h
	ok(t, s.SaveCheckIn(t.Context(), a.ID, site.ID, store.CheckIn{AtMs: 5}, []store.LiveHost{{HostID: "g", Hostname: "live"}, {HostID: "h", Hostname: "both"}}))
	views, err := s.Hosts(t.Context(), site.ID, "", 10)
	ok(t, err)
	var got []string
	for _, v := range views {
		got = append(got, v.HostID+" "+v.Hostname)
	}
	if diff := cmp.Diff([]string{"g live", "h both"}, got); diff != "" {
		t.Errorf("hosts differ (-want +got):\n%s", diff)
	}
	page, err := s.Hosts(t.Context(), site.ID, "g", 10)
	if ok(t, err); len(page) != 1 || page[0].HostID != "h" {
		t.Errorf("hosts after g = %+v; want h", page)
	}
	if n, err := s.CountHosts(t.Context(), site.ID); err != nil || n != 2 {
		t.Errorf("CountHosts = %d, %v; want 2", n, err)
	}
}

func isolation(t *testing.T, s *store.Store) {
	mine, _, l := seed(t, s, 'a')
	other, _, _ := seed(t, s, 'b')
	ok(t, s.Take(t.Context(), take(mine.ID, l, 0, "a1")))
	for what, err := range map[string]error{
		"Log":              second(s.Log(t.Context(), other.ID, l.Origin)),
		"Evidence":         second(s.Evidence(t.Context(), other.ID, "a", "", 0)),
		"a log's Evidence": second(s.Evidence(t.Context(), other.ID, "a", l.Origin, 0)),
		"EntryByID":        second(s.EntryByID(t.Context(), other.ID, 1)),
		"Host":             second(s.Host(t.Context(), other.ID, "h")),
	} {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s of another site = %v; want ErrNotFound", what, err)
		}
	}
	entries, err := s.Entries(t.Context(), other.ID, l.Origin, 0, 10)
	ok(t, err)
	list, err := s.EvidenceList(t.Context(), store.EvidenceFilter{Site: other.ID}, 10)
	ok(t, err)
	views, err := s.Hosts(t.Context(), other.ID, "", 10)
	if ok(t, err); len(entries)+len(list)+len(views) != 0 {
		t.Errorf("rows of another site: %v %v %v; want none", entries, list, views)
	}
}

func second[T any](_ T, err error) error { return err }

func audit(t *testing.T, s *store.Store) {
	for _, a := range []string{"first", "second", "third"} {
		ok(t, s.AddAudit(t.Context(), store.Audit{Action: a}))
	}
	newest, err := s.Audits(t.Context(), 0, 2)
	if ok(t, err); len(newest) != 2 || newest[0].Action != "third" {
		t.Fatalf("newest = %+v; want third and second", newest)
	}
	rest, err := s.Audits(t.Context(), newest[1].ID, 10)
	if ok(t, err); len(rest) != 1 || rest[0].Action != "first" {
		t.Errorf("rest = %+v; want first", rest)
	}
}

func rebuild(t *testing.T, s *store.Store) {
	site, _, l := seed(t, s, 'a')
	ok(t, s.Take(t.Context(), take(site.ID, l, 0, "a1")))
	err := s.Rebuild(t.Context(), func(p *store.Projection) error { return errBroken })
	views, readErr := s.Hosts(t.Context(), site.ID, "", 10)
	if ok(t, readErr); !errors.Is(err, errBroken) || len(views) != 1 {
		t.Errorf("a failed rebuild = %v with hosts %v; want the old rows", err, views)
	}
	ok(t, s.Rebuild(t.Context(), func(p *store.Projection) error {
		return p.PutHost(t.Context(), store.Host{SiteID: site.ID, HostID: "other"})
	}))
	views, err = s.Hosts(t.Context(), site.ID, "", 10)
	if ok(t, err); len(views) != 1 || views[0].HostID != "other" {
		t.Errorf("hosts = %+v; want other", views)
	}
	row, err := s.Evidence(t.Context(), site.ID, "a", "", 0)
	if ok(t, err); !bytes.Equal(row.BundleHash, []byte("a1")) {
		t.Errorf("evidence after rebuild = %q; it must not change", row.BundleHash)
	}
}
