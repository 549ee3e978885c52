package sqlos_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/sqlos"
)

func open(t *testing.T, path string) *sqlos.DB {
	t.Helper()
	db, err := sqlos.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return db
}

func fresh(t *testing.T) *sqlos.DB {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "a.db"))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func number(t *testing.T, db *sqlos.DB, sql string, args ...any) (n int64) {
	t.Helper()
	must(t, db.Query(sql, func(s *sqlos.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}, args...))
	return n
}

func TestOpenSetsDurability(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ünïcode dir.db")
	db := open(t, path)
	if got := number(t, db, "PRAGMA synchronous"); got != 2 {
		t.Errorf("synchronous = %d; want 2 (FULL)", got)
	}
	if got := number(t, db, "PRAGMA busy_timeout"); got != 5000 {
		t.Errorf("busy_timeout = %d; want 5000", got)
	}
	must(t, db.Exec("CREATE TABLE t (a)"))
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Errorf("no write-ahead log beside the file: %v", err)
	}
	info, err := os.Stat(path)
	must(t, err)
	if os.PathSeparator == '/' && info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v; want 0600", info.Mode())
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	garbage := filepath.Join(dir, "garbage.db")
	must(t, os.WriteFile(garbage, bytes.Repeat([]byte("not a database. "), 1000), 0o600))
	for _, c := range []struct {
		name, path string
		corrupt    bool
	}{
		{"an empty path", "", false},
		{"a path with a NUL byte", filepath.Join(dir, "a\x00b"), false},
		{"a missing folder", filepath.Join(dir, "none", "a.db"), false},
		{"a folder", dir, false},
		{"a file that is not a database", garbage, true},
		{"a database in memory, which has no WAL", ":memory:", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, err := sqlos.Open(c.path)
			if err == nil {
				_ = db.Close()
				t.Fatalf("Open(%q) = nil error", c.path)
			}
			if got := sqlos.IsCorrupt(err); got != c.corrupt {
				t.Errorf("IsCorrupt(%v) = %v; want %v", err, got, c.corrupt)
			}
		})
	}
}

func TestValuesComeBackAsTheyWent(t *testing.T) {
	db := fresh(t)
	must(t, db.Exec("CREATE TABLE v (i INTEGER, t TEXT, b BLOB, n)"))
	big := bytes.Repeat([]byte{0, 1, 0xff, '\''}, 1<<20)
	for _, c := range []struct {
		i int64
		t string
		b []byte
	}{
		{0, "", []byte{}},
		{-1, "a\x00b", []byte{0}},
		{math.MaxInt64, "naïve ☃ '; DROP TABLE v;--", nil},
		{math.MinInt64, strings.Repeat("x", 100_000), big},
	} {
		must(t, db.Exec("DELETE FROM v"))
		must(t, db.Exec("INSERT INTO v VALUES (?,?,?,?)", c.i, c.t, c.b, nil))
		rows := 0
		must(t, db.Query("SELECT i, t, b, n, typeof(b), typeof(t) FROM v", func(s *sqlos.Stmt) error {
			rows++
			if s.ColumnInt64(0) != c.i || s.ColumnText(1) != c.t || !bytes.Equal(s.ColumnBytes(2), c.b) {
				t.Errorf("row = %d, %d chars, %d bytes; want %d, %d, %d", s.ColumnInt64(0), len(s.ColumnText(1)),
					len(s.ColumnBytes(2)), c.i, len(c.t), len(c.b))
			}
			if !s.ColumnNull(3) || s.ColumnNull(0) {
				t.Errorf("ColumnNull(3), (0) = %v, %v; want true, false", s.ColumnNull(3), s.ColumnNull(0))
			}
			if s.ColumnText(4) != "blob" || s.ColumnText(5) != "text" {
				t.Errorf("types = %s, %s; want blob, text", s.ColumnText(4), s.ColumnText(5))
			}
			return nil
		}))
		if rows != 1 {
			t.Fatalf("%d rows; want 1", rows)
		}
	}
	if err := db.Exec("INSERT INTO v (i) VALUES (?)", uint64(1)<<63); err == nil {
		t.Error("a number over 63 bits was accepted")
	}
	if err := db.Exec("INSERT INTO v (i) VALUES (?)", 1.5); err == nil {
		t.Error("a float was accepted")
	}
	if err := db.Exec("INSERT INTO v (i) VALUES (?)", 1, 2); err == nil {
		t.Error("one argument too many was accepted")
	}
}

func TestExecRunsScripts(t *testing.T) {
	db := fresh(t)
	must(t, db.Exec("CREATE TABLE t (a); -- a comment\n INSERT INTO t VALUES (1); INSERT INTO t VALUES (2);\n-- end\n"))
	if got := number(t, db, "SELECT sum(a) FROM t"); got != 3 {
		t.Errorf("sum = %d; want 3", got)
	}
	if err := db.Exec("INSERT INTO t VALUES (?); DELETE FROM t", 1); err == nil {
		t.Error("arguments with two statements were accepted")
	}
	var e *sqlos.Error
	if err := db.Exec("SELEKT 1"); !errors.As(err, &e) || e.Code != 1 || !strings.Contains(e.Msg, "SELEKT") {
		t.Errorf("Exec(SELEKT 1) = %v; want SQLite's syntax error", err)
	}
	if err := db.Query("SELECT 1; SELECT 2", func(*sqlos.Stmt) error { return nil }); err == nil {
		t.Error("Query accepted two statements")
	}
}

func TestTxCommitsOrRollsBack(t *testing.T) {
	db := fresh(t)
	must(t, db.Exec("CREATE TABLE t (a INTEGER PRIMARY KEY)"))
	boom := errors.New("boom")
	if err := db.Tx(func(tx *sqlos.Tx) error {
		must(t, tx.Exec("INSERT INTO t VALUES (7)"))
		if tx.LastInsertRowID() != 7 || tx.Changes() != 1 {
			t.Errorf("LastInsertRowID, Changes = %d, %d; want 7, 1", tx.LastInsertRowID(), tx.Changes())
		}
		return boom
	}); !errors.Is(err, boom) {
		t.Errorf("Tx = %v; want boom", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = db.Tx(func(tx *sqlos.Tx) error {
			must(t, tx.Exec("INSERT INTO t VALUES (8)"))
			panic("in a transaction")
		})
	}()
	if got := number(t, db, "SELECT count(*) FROM t"); got != 0 {
		t.Errorf("%d rows after an error and a panic; want 0", got)
	}
	var leaked *sqlos.Tx
	var stmt *sqlos.Stmt
	must(t, db.Tx(func(tx *sqlos.Tx) (err error) {
		leaked = tx
		stmt, err = tx.Prepare("INSERT INTO t VALUES (?)")
		must(t, err)
		for i := range 3 {
			must(t, stmt.Bind(i))
			_, err := stmt.Step()
			must(t, err)
			stmt.Reset()
		}
		return nil
	}))
	if got := number(t, db, "SELECT count(*) FROM t"); got != 3 {
		t.Errorf("%d rows after a commit; want 3", got)
	}
	if err := leaked.Exec("DELETE FROM t"); err == nil {
		t.Error("a transaction could be used after its end")
	}
	if _, err := stmt.Step(); err == nil {
		t.Error("a statement could be used after its transaction")
	}
	if err := db.Tx(func(tx *sqlos.Tx) error { return tx.Exec("INSERT INTO t VALUES (1)") }); err == nil {
		t.Error("a duplicate key was accepted")
	}
}

func TestNestedQueriesOfTheSameText(t *testing.T) {
	db := fresh(t)
	must(t, db.Exec("CREATE TABLE t (a); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)"))
	seen := 0
	must(t, db.View(func(tx *sqlos.Tx) error {
		return tx.Query("SELECT a FROM t", func(*sqlos.Stmt) error {
			return tx.Query("SELECT a FROM t", func(*sqlos.Stmt) error {
				seen++
				return nil
			})
		})
	}))
	if seen != 4 {
		t.Errorf("%d inner rows; want 4", seen)
	}
}

func TestGoroutinesShareADB(t *testing.T) {
	db := fresh(t)
	must(t, db.Exec("CREATE TABLE n (k INTEGER PRIMARY KEY, v INTEGER); INSERT INTO n VALUES (1, 0)"))
	const workers, rounds = 8, 40
	var wg sync.WaitGroup
	errs := make(chan error, workers)
	for range workers {
		wg.Go(func() {
			for range rounds {
				// Read, then write: without exclusion increments are lost.
				if err := db.Tx(func(tx *sqlos.Tx) error {
					var v int64
					if err := tx.Query("SELECT v FROM n", func(s *sqlos.Stmt) error {
						v = s.ColumnInt64(0)
						return nil
					}); err != nil {
						return err
					}
					return tx.Exec("UPDATE n SET v = ?", v+1)
				}); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	if got := number(t, db, "SELECT v FROM n"); got != workers*rounds {
		t.Errorf("counter = %d; want %d", got, workers*rounds)
	}
}

func TestClosedDB(t *testing.T) {
	db, err := sqlos.Open(filepath.Join(t.TempDir(), "a.db"))
	must(t, err)
	must(t, db.Close())
	must(t, db.Close())
	if err := db.Exec("SELECT 1"); !errors.Is(err, sqlos.ErrClosed) {
		t.Errorf("Exec on a closed DB = %v; want ErrClosed", err)
	}
	if err := db.Tx(func(*sqlos.Tx) error { return nil }); !errors.Is(err, sqlos.ErrClosed) {
		t.Errorf("Tx on a closed DB = %v; want ErrClosed", err)
	}
}

func TestMoreStatementsThanTheCacheHolds(t *testing.T) {
	db := fresh(t)
	for i := range 200 {
		if got := number(t, db, "SELECT "+strconv.Itoa(i)); got != int64(i) {
			t.Fatalf("SELECT %d = %d", i, got)
		}
	}
}
