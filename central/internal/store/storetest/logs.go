package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/central/internal/store"
)

// next opens the log of a after l as it is now.
func next(t *testing.T, s *store.Store, l store.Log, origin string, epoch uint64) store.Log {
	t.Helper()
	held, err := s.Witnessed(t.Context(), l.Origin)
	ok(t, err)
	n := store.Log{Origin: origin, SiteID: l.SiteID, ApplianceID: l.ApplianceID, Epoch: epoch, VKey: "v", Previous: held.Checkpoint}
	ok(t, s.AddLog(t.Context(), n, l.Origin))
	return n
}

func takeAgain(t *testing.T, s *store.Store) {
	site, _, l := seed(t, s, 'a')
	ok(t, s.Take(t.Context(), take(site.ID, l, 0, "a1", "b1")))
	second := next(t, s, l, "next", 1)
	ok(t, s.Take(t.Context(), take(site.ID, second, 0, "b1", "c1")))
	list, err := s.EvidenceList(t.Context(), store.EvidenceFilter{Site: site.ID}, 10)
	if ok(t, err); len(list) != 3 || list[0].Duplicate {
		t.Errorf("evidence = %+v; want 3 rows, none flagged", list)
	}
	e, err := s.Evidence(t.Context(), site.ID, "b", "", 0)
	if ok(t, err); e.Origin != l.Origin {
		t.Errorf("evidence b is in %s; want the first", e.Origin)
	}
	entry, err := s.EntryByID(t.Context(), site.ID, e.EntryID)
	if ok(t, err); entry.Origin != l.Origin || entry.BundleID != "b" {
		t.Errorf("its entry = %+v; want that of b in the first log", entry)
	}
}

// flagged takes a run and returns what it flagged and what it projected.
func flagged(t *testing.T, s *store.Store, run store.Take) (duplicates, projected []int) {
	t.Helper()
	project := run.Project
	run.Project = func(ctx context.Context, n int, p *store.Projection) error {
		projected = append(projected, n)
		return project(ctx, n, p)
	}
	run.Duplicate = func(n int) { duplicates = append(duplicates, n) }
	ok(t, s.Take(t.Context(), run))
	return duplicates, projected
}

func takeDifferent(t *testing.T, s *store.Store) {
	site, _, l := seed(t, s, 'a')
	code := []byte("code")
	ok(t, s.AddCode(t.Context(), store.Code{Hash: code, SiteID: site.ID, ExpiresMs: 10}))
	a, other := appliance(site.ID, 'b')
	other.Origin, other.Epoch = "other", 1
	ok(t, s.UseCode(t.Context(), code, a, other))
	ok(t, s.Take(t.Context(), take(site.ID, l, 0, "a1")))

	duplicates, projected := flagged(t, s, take(site.ID, other, 0, "b1", "a2", "a3", "c1"))
	if diff := cmp.Diff([][]int{{1, 2}, {0, 3}}, [][]int{duplicates, projected}); diff != "" {
		t.Errorf("flagged and projected differ (-want +got):\n%s", diff)
	}
	// What was flagged is the same when it is logged again.
	again, projected := flagged(t, s, take(site.ID, other, 4, "a2", "a3"))
	if len(again)+len(projected) != 0 {
		t.Errorf("the same again: flagged %v, projected %v; want neither", again, projected)
	}
	list, err := s.EvidenceList(t.Context(), store.EvidenceFilter{Site: site.ID}, 10)
	ok(t, err)
	var got []string
	for _, e := range list {
		row := string(e.BundleHash)
		if e.Duplicate {
			row += " duplicate"
		}
		got = append(got, row)
	}
	if diff := cmp.Diff([]string{"c1", "a3 duplicate", "a2 duplicate", "b1", "a1"}, got); diff != "" {
		t.Errorf("evidence differs (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		origin   string
		position uint64
		want     string
	}{{"", 0, "a1"}, {"", 7, "a1"}, {l.Origin, 0, "a1"}, {other.Origin, 1, "a2"}, {other.Origin, 2, "a3"}} {
		if e, err := s.Evidence(t.Context(), site.ID, "a", tt.origin, tt.position); err != nil || string(e.BundleHash) != tt.want {
			t.Errorf("Evidence(a) at %d of log %q = %q, %v; want %s", tt.position, tt.origin, e.BundleHash, err, tt.want)
		}
	}
	if _, err := s.Evidence(t.Context(), site.ID, "a", other.Origin, 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Evidence(a) where b stands = %v; want ErrNotFound", err)
	}
	entries, err := s.EntriesToProject(t.Context(), 0, 2)
	ok(t, err)
	rest, err := s.EntriesToProject(t.Context(), entries[1].ID, 10)
	ok(t, err)
	got = nil
	for _, e := range append(entries, rest...) {
		got = append(got, string(e.BundleHash))
	}
	if diff := cmp.Diff([]string{"a1", "b1", "c1"}, got); diff != "" {
		t.Errorf("entries to project differ (-want +got):\n%s", diff)
	}
}

func takeRecordTwice(t *testing.T, s *store.Store) {
	site, _, l := seed(t, s, 'a')
	run := take(site.ID, l, 0, "a1", "b1", "c1", "d1")
	for n, seq := range []uint64{1, 2, 1, 1} {
		run.Evidence[n].AgentID, run.Evidence[n].QueueID, run.Evidence[n].Seq = "ag_1", "0102", seq
	}
	run.Evidence[3].QueueID = "0103" // another queue
	duplicates, projected := flagged(t, s, run)
	if diff := cmp.Diff([][]int{{2}, {0, 1, 3}}, [][]int{duplicates, projected}); diff != "" {
		t.Errorf("flagged and projected differ (-want +got):\n%s", diff)
	}
}

func takeClosed(t *testing.T, s *store.Store) {
	site, _, l := seed(t, s, 'a')
	ok(t, s.Take(t.Context(), take(site.ID, l, 0, "a1")))
	newer := next(t, s, l, "next", 1)
	if err := s.Take(t.Context(), take(site.ID, l, 1, "b1")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a run of the older log = %v; want ErrClosed", err)
	}
	held, err := s.Witnessed(t.Context(), l.Origin)
	if ok(t, err); held.Size != 1 {
		t.Errorf("the older log has size %d; want 1", held.Size)
	}
	ok(t, s.Take(t.Context(), take(site.ID, newer, 0, "b1")))
}

func addLog(t *testing.T, s *store.Store) {
	site, _, l := seed(t, s, 'a')
	ok(t, s.Take(t.Context(), take(site.ID, l, 0, "a1")))
	shown, err := s.Witnessed(t.Context(), l.Origin)
	ok(t, err)
	second := store.Log{Origin: "next", SiteID: site.ID, ApplianceID: l.ApplianceID, Epoch: 1, VKey: "v", Previous: shown.Checkpoint}
	ok(t, s.Take(t.Context(), take(site.ID, l, 1, "b1")))
	if err := s.AddLog(t.Context(), second, l.Origin); !errors.Is(err, store.ErrConflict) {
		t.Errorf("after an end that is not the end any more = %v; want ErrConflict", err)
	}
	opened := next(t, s, l, "next", 1)
	third := opened
	third.Origin, third.Epoch = "third", 2
	if err := s.AddLog(t.Context(), third, l.Origin); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a second one after the same log = %v; want ErrConflict", err)
	}
	if err := s.AddLog(t.Context(), opened, opened.Origin); !errors.Is(err, store.ErrConflict) {
		t.Errorf("the same epoch again = %v; want ErrConflict", err)
	}
}
