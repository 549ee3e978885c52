package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/central/internal/store"
)

func directories(t *testing.T, s *store.Store) {
	site, one, _ := seed(t, s, 'a')
	other, foreign, _ := seed(t, s, 'b')
	if state, err := s.DirectoryState(t.Context(), site.ID, one.ID); err != nil || state != nil {
		t.Errorf("the state without a report = %q, %v", state, err)
	}
	first := store.Directory{SiteID: site.ID, ApplianceID: one.ID, State: []byte("one"), Body: []byte("first"), TakenMs: 5}
	second := store.Directory{SiteID: site.ID, ApplianceID: one.ID, State: []byte("two"), Body: []byte("second"), TakenMs: 6}
	theirs := store.Directory{SiteID: other.ID, ApplianceID: foreign.ID, State: []byte("three"), Body: []byte("third"), TakenMs: 7}
	for _, d := range []store.Directory{first, second, theirs} {
		ok(t, s.PutDirectory(t.Context(), d))
	}
	expect := func(when string, want ...store.Directory) {
		t.Helper()
		got, err := s.Directories(t.Context(), site.ID)
		ok(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s the reports differ (-want +got):\n%s", when, diff)
		}
	}
	expect("after the second", second)
	if state, err := s.DirectoryState(t.Context(), site.ID, one.ID); err != nil || string(state) != "two" {
		t.Errorf("the state = %q, %v; want two", state, err)
	}
	if state, err := s.DirectoryState(t.Context(), site.ID, foreign.ID); err != nil || state != nil {
		t.Errorf("the state of another site's appliance = %q, %v; want none", state, err)
	}
	ok(t, s.RemoveDirectory(t.Context(), other.ID, one.ID))
	expect("after a removal through another site", second)
	ok(t, s.Retire(t.Context(), one.ID))
	expect("of a retired appliance")
	ok(t, s.RemoveDirectory(t.Context(), site.ID, one.ID))
	if state, err := s.DirectoryState(t.Context(), site.ID, one.ID); err != nil || state != nil {
		t.Errorf("the state after the removal = %q, %v; want none", state, err)
	}
}
