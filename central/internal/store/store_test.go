package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/central/internal/store"
	"github.com/osiriscare/osiris/central/internal/store/storetest"
)

func open(t *testing.T) *store.Store {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a folder with %41 # and ?")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), filepath.Join(dir, "central.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "central.db-wal")); err != nil {
		t.Errorf("the database is not in its folder: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSQLite(t *testing.T) { storetest.Run(t, open) }

// raw opens the file beside the store, as somebody with the file could.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestInsertOnlyTablesRefuseChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "central.db")
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	db := raw(t, path)
	for _, fill := range []string{
		"INSERT INTO audit VALUES (1, 0, '', '', '', '', '')",
		"INSERT INTO log_node VALUES ('o', 0, x'00')",
		"INSERT INTO log_entry VALUES (1, 'o', 0, 's', 'b', x'00', x'00', 'f', 0)",
		"INSERT INTO evidence VALUES (1, 's', 'b', x'00', '', '', '', '', '', 0, '', '', 0, '', 0)",
		"INSERT INTO witness VALUES ('o', 5, x'00', x'00', x'00', 0)",
	} {
		if _, err := db.ExecContext(t.Context(), fill); err != nil {
			t.Fatalf("%s: %v", fill, err)
		}
	}
	for _, change := range []string{
		"UPDATE audit SET actor = 'x'", "DELETE FROM audit", "UPDATE log_node SET hash = x'01'", "DELETE FROM log_node",
		"UPDATE log_entry SET bundle_hash = x'01'", "DELETE FROM log_entry", "UPDATE evidence SET summary = 'x'", "DELETE FROM evidence",
		"UPDATE witness SET root = x'01'", "UPDATE witness SET size = 4", "DELETE FROM witness",
	} {
		if _, err := db.ExecContext(t.Context(), change); err == nil {
			t.Errorf("%s was allowed", change)
		}
	}
}

func TestOpenRefusesANewerSchemaAndKeepsItsFileFromOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "central.db")
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v; want 0600", info.Mode(), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := raw(t, path).ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("Open of a newer schema = %v; want a clear refusal", err)
	}
	if _, err := store.Open(t.Context(), t.TempDir()); err == nil {
		t.Error("Open of a folder succeeded")
	}
	if _, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "no", "such", "x.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open in a missing folder = %v; want os.ErrNotExist", err)
	}
}

func TestEvidenceThatWasTakenBeforeDuplicatesWereFlaggedStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "central.db")
	first, err := os.ReadFile(filepath.Join("migration", "0001_first.sql"))
	if err != nil {
		t.Fatal(err)
	}
	db := raw(t, path)
	for _, do := range []string{
		string(first), "PRAGMA user_version = 1",
		"INSERT INTO log_entry SELECT value, 'o', value, 's', 'b' || value, x'00', x'00', 'f', 0 FROM json_each('[1,2,3,4]')",
		`INSERT INTO evidence SELECT 's', 'b' || value, value, x'00', 'h', '', '', 'drift', '', 0, 'ag_1',
			CASE WHEN value < 3 THEN '' ELSE '0102' END, 7, '' FROM json_each('[1,2,3,4]')`,
	} {
		if _, err := db.ExecContext(t.Context(), do); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	list, err := s.EvidenceList(t.Context(), store.EvidenceFilter{Site: "s"}, 10)
	if err != nil || len(list) != 4 {
		t.Fatalf("evidence = %+v, %v; want four rows", list, err)
	}
	for _, e := range list {
		// 3 and 4 are of one record; 1 and 2 of none.
		if e.Duplicate != (e.EntryID == 4) || e.Kind != "drift" || e.Seq != 7 {
			t.Errorf("row %d = %+v; want it as it was, only 4 flagged", e.EntryID, e)
		}
	}
}
