package store_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/store"
)

func TestAStoreThatTakesNoWritesSaysSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	synctest.Test(t, func(t *testing.T) {
		st, err := store.Open(t.Context(), path, store.Schema{Owner: "x", Steps: []string{"CREATE TABLE x (b BLOB UNIQUE)"}})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close() //nolint:errcheck // a test's
		if err := st.Writable(t.Context()); err != nil {
			t.Errorf("a store that is well = %v", err)
		}
		write := func(query string) error {
			return st.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.ExecContext(t.Context(), query)
				return err
			})
		}
		if err := write("INSERT INTO nothing VALUES (1)"); err == nil {
			t.Error("a write to no table = nil")
		}
		if err := st.Writable(t.Context()); err != nil {
			t.Errorf("after somebody's mistake = %v; want it well", err)
		}
		if err := write("PRAGMA max_page_count = 1"); err != nil {
			t.Fatal(err)
		}
		if err := write("INSERT INTO x VALUES (zeroblob(1000000))"); err == nil {
			t.Fatal("a megabyte fits into a full store")
		}
		if err := st.Writable(t.Context()); err == nil || !strings.Contains(err.Error(), "full") {
			t.Errorf("a full store = %v; want that it is full", err)
		}
		time.Sleep(3 * time.Minute)
		if err := st.Writable(t.Context()); err != nil {
			t.Errorf("a store that takes writes again = %v", err)
		}
	})
}
