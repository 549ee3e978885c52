package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/central/internal/store"
)

func targets(t *testing.T, s *store.Store) {
	site, _, _ := seed(t, s, 'a')
	other, _, _ := seed(t, s, 'b')
	row := store.Target{SiteID: site.ID, Name: "srv02", Kind: 1, Credential: "clinic", Body: []byte("one")}
	ok(t, s.AddTarget(t.Context(), row, false))
	next := row
	next.Body = []byte("two")
	if err := s.AddTarget(t.Context(), next, false); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a name twice = %v; want ErrConflict", err)
	}
	ok(t, s.AddTarget(t.Context(), next, true))
	first := store.Target{SiteID: site.ID, Name: "srv01", Kind: 2, ApplianceID: "ap_1", Credential: "ssh", Body: []byte("three")}
	ok(t, s.AddTarget(t.Context(), first, true))
	got, err := s.Targets(t.Context(), site.ID)
	ok(t, err)
	if diff := cmp.Diff([]store.Target{first, next}, got); diff != "" {
		t.Errorf("targets differ (-want +got):\n%s", diff)
	}
	if got, err := s.Targets(t.Context(), other.ID); err != nil || len(got) != 0 {
		t.Errorf("targets of another site = %v, %v; want none", got, err)
	}
	if err := s.RemoveTarget(t.Context(), other.ID, "srv01"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("removing through another site = %v; want ErrNotFound", err)
	}
	ok(t, s.RemoveTarget(t.Context(), site.ID, "srv01"))
	if got, err := s.Targets(t.Context(), site.ID); err != nil || len(got) != 1 {
		t.Errorf("after a removal = %v, %v; want srv02", got, err)
	}
}

func credentials(t *testing.T, s *store.Store) {
	site, one, _ := seed(t, s, 'a')
	other, foreign, _ := seed(t, s, 'b')
	two, l := appliance(site.ID, 'c')
	l.Origin, l.Epoch = "log/two", 1
	ok(t, s.AddCode(t.Context(), store.Code{Hash: []byte("code two"), SiteID: site.ID, ExpiresMs: 10}))
	ok(t, s.UseCode(t.Context(), []byte("code two"), two, l))
	rows := func(version uint64, to ...store.ApplianceID) (all []store.Credential) {
		for _, id := range to {
			all = append(all, store.Credential{
				SiteID: site.ID, Name: "clinic", ApplianceID: id, Kind: 1, Version: version, Sealed: []byte(id), KeyID: []byte{1}, MadeMs: 5, MadeBy: "maria",
			})
		}
		return all
	}
	put := func(what string, want error, all []store.Credential, rotate bool) {
		t.Helper()
		if err := s.PutCredential(t.Context(), all, rotate); !errors.Is(err, want) {
			t.Errorf("PutCredential of %s = %v; want %v", what, err, want)
		}
	}
	put("what is not there, as a rotation", store.ErrConflict, rows(3, one.ID), true)
	put("a new one", nil, rows(3, one.ID, two.ID), false)
	put("the same again", store.ErrConflict, rows(4, one.ID), false)
	put("a rotation to the version it has", store.ErrConflict, rows(3, one.ID), true)
	put("a rotation for one of the two", nil, rows(5, one.ID), true)
	held, err := s.Credentials(t.Context(), site.ID, "")
	ok(t, err)
	if diff := cmp.Diff(rows(5, one.ID), held); diff != "" {
		t.Errorf("after a rotation the credentials differ (-want +got):\n%s", diff)
	}
	put("both again", nil, rows(6, one.ID, two.ID), true)
	if held, err := s.Credentials(t.Context(), site.ID, two.ID); err != nil || len(held) != 1 || held[0].ApplianceID != two.ID {
		t.Errorf("credentials of one appliance = %v, %v", held, err)
	}
	if held, err := s.Credentials(t.Context(), other.ID, ""); err != nil || len(held) != 0 {
		t.Errorf("credentials of another site = %v, %v", held, err)
	}
	ok(t, s.SaveProblem(t.Context(), store.Credential{SiteID: site.ID, Name: "clinic", ApplianceID: one.ID, Version: 5, Reason: "of the old one"}))
	ok(t, s.SaveProblem(t.Context(), store.Credential{SiteID: site.ID, Name: "clinic", ApplianceID: one.ID, Version: 6, Reason: "no"}))
	if held, err := s.Credentials(t.Context(), site.ID, one.ID); err != nil || held[0].Reason != "no" {
		t.Errorf("after a problem = %+v, %v", held, err)
	}
	ok(t, s.AddTarget(t.Context(), store.Target{SiteID: site.ID, Name: "srv01", Credential: "clinic", Body: []byte("x")}, false))
	for what, tt := range map[string]struct {
		site store.SiteID
		name string
		want error
	}{
		"one that targets name": {site.ID, "clinic", store.ErrConflict}, "one there is not": {site.ID, "other", store.ErrNotFound},
		"another site's": {other.ID, "clinic", store.ErrNotFound},
	} {
		if err := s.RemoveCredential(t.Context(), tt.site, tt.name, false); !errors.Is(err, tt.want) {
			t.Errorf("RemoveCredential of %s = %v; want %v", what, err, tt.want)
		}
	}
	ok(t, s.Retire(t.Context(), two.ID))
	if held, err := s.Credentials(t.Context(), site.ID, ""); err != nil || len(held) != 1 {
		t.Errorf("after an appliance was retired = %v, %v; want the other's", held, err)
	}
	ok(t, s.RemoveCredential(t.Context(), site.ID, "clinic", true))
	put("an old version after the withdrawal", store.ErrConflict, rows(6, one.ID), false)
	put("a newer one", nil, rows(7, one.ID), false)
	reaches(t, s, site, one, foreign)
}

// reaches follows what an appliance says of the lists that it holds.
func reaches(t *testing.T, s *store.Store, site store.Site, a, foreign store.Appliance) {
	none, err := s.Reach(t.Context(), site.ID, a.ID)
	if ok(t, err); len(none.SealingKey)+len(none.TargetsState)+len(none.CredentialsState) != 0 {
		t.Errorf("before a check-in = %+v; want nothing", none)
	}
	want := store.Reach{SealingKey: []byte("k"), TargetsState: []byte("t"), CredentialsState: []byte("c")}
	ok(t, s.SaveReach(t.Context(), site.ID, a.ID, want))
	got, err := s.Reach(t.Context(), site.ID, a.ID)
	ok(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was said differs (-want +got):\n%s", diff)
	}
	if _, err := s.Reach(t.Context(), site.ID, foreign.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another site's appliance = %v; want ErrNotFound", err)
	}
}
