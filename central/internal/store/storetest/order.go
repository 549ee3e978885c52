package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/central/internal/store"
)

// id is the id of an order.
func id(n byte) []byte { return append(make([]byte, 15), n) }

func appliancesOrders(t *testing.T, s *store.Store) {
	site, one, _ := seed(t, s, 'a')
	other, foreign, _ := seed(t, s, 'b')
	var rows []store.Order
	for n := byte(1); n <= 4; n++ {
		rows = append(rows, store.Order{SiteID: site.ID, ApplianceID: one.ID, Sequence: 10 * uint64(n), ID: id(n), NotAfterMs: 100 * int64(n), Body: []byte{n}})
		ok(t, s.AddOrder(t.Context(), rows[n-1]))
	}
	again := rows[0]
	again.ID = id(9)
	if err := s.AddOrder(t.Context(), again); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a sequence twice = %v; want ErrConflict", err)
	}
	again = rows[0]
	again.Sequence = 99
	if err := s.AddOrder(t.Context(), again); !errors.Is(err, store.ErrConflict) {
		t.Errorf("an id twice = %v; want ErrConflict", err)
	}
	foreignRow := store.Order{SiteID: other.ID, ApplianceID: foreign.ID, Sequence: 10, ID: id(8), NotAfterMs: 1000, Body: []byte("x")}
	ok(t, s.AddOrder(t.Context(), foreignRow))

	report := func(who store.ApplianceID, order []byte, state int32, body string, want error) {
		t.Helper()
		if err := s.SaveOrderReport(t.Context(), who, order, state, []byte(body), 7); !errors.Is(err, want) {
			t.Errorf("SaveOrderReport of %x by %s = %v; want %v", order, who, err, want)
		}
	}
	report(one.ID, id(3), 4, "running", nil)
	report(one.ID, id(8), 4, "another's", store.ErrNotFound)
	report(one.ID, id(7), 4, "nobody's", store.ErrNotFound)
	waiting := func(after uint64, nowMs int64, want ...store.Order) {
		t.Helper()
		got, err := s.WaitingOrders(t.Context(), one.ID, after, nowMs, 10)
		ok(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("orders after %d that wait at %d differ (-want +got):\n%s", after, nowMs, diff)
		}
	}
	waiting(0, 0, rows[0], rows[1], rows[3])
	waiting(0, 100, rows[1], rows[3])
	waiting(20, 0, rows[3])

	report(one.ID, id(3), 5, "done", nil)
	report(one.ID, id(3), 4, "running again", nil)
	rows[2].State, rows[2].Report = 5, []byte("done")
	got, err := s.Order(t.Context(), site.ID, id(3))
	ok(t, err)
	if diff := cmp.Diff(rows[2], got); diff != "" {
		t.Errorf("one that is done differs (-want +got):\n%s", diff)
	}
	if _, err := s.Order(t.Context(), other.ID, id(3)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another site's order = %v; want ErrNotFound", err)
	}
	first, err := s.Orders(t.Context(), site.ID, store.OrderKey{}, 3)
	ok(t, err)
	rest, err := s.Orders(t.Context(), site.ID, store.OrderKey{Sequence: first[2].Sequence, ID: first[2].ID}, 3)
	ok(t, err)
	if diff := cmp.Diff([]store.Order{rows[3], rows[2], rows[1], rows[0]}, append(first, rest...)); diff != "" {
		t.Errorf("two pages of orders differ (-want +got):\n%s", diff)
	}
	newest := func(want uint64) {
		t.Helper()
		if got, err := s.NewestOrder(t.Context(), one.ID); err != nil || got != want {
			t.Errorf("NewestOrder = %d, %v; want %d", got, err, want)
		}
	}
	newest(40)
	ok(t, s.SaveOrderMark(t.Context(), one.ID, 39))
	newest(40)
	ok(t, s.SaveOrderMark(t.Context(), one.ID, 77))
	newest(77)
}
