package sqlos_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/sqlos"
)

func TestFullDiskIsAnErrorAndThePastSurvives(t *testing.T) {
	db := fresh(t)
	must(t, db.Exec("CREATE TABLE t (b BLOB); PRAGMA max_page_count=40"))
	stored := int64(0)
	for {
		err := db.Tx(func(tx *sqlos.Tx) error { return tx.Exec("INSERT INTO t VALUES (?)", make([]byte, 5000)) })
		if err != nil {
			if !sqlos.IsFull(err) || sqlos.IsBusy(err) || sqlos.IsCorrupt(err) {
				t.Fatalf("error = %v; want only IsFull", err)
			}
			break
		}
		stored++
		if stored > 100 {
			t.Fatal("the page limit was not met")
		}
	}
	if got := number(t, db, "SELECT count(*) FROM t"); got != stored {
		t.Errorf("%d rows; want %d", got, stored)
	}
	must(t, db.Exec("PRAGMA max_page_count=1000"))
	must(t, db.Exec("INSERT INTO t VALUES (?)", make([]byte, 5000)))
}

func TestDamagedPagesAreReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db, err := sqlos.Open(path)
	must(t, err)
	must(t, db.Exec("CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)"))
	must(t, db.Tx(func(tx *sqlos.Tx) error {
		for range 200 {
			if err := tx.Exec("INSERT INTO t (b) VALUES (?)", make([]byte, 1000)); err != nil {
				return err
			}
		}
		return nil
	}))
	must(t, db.Close())
	raw, err := os.ReadFile(path)
	must(t, err)
	for i := 2 * 4096; i < len(raw); i++ {
		raw[i] = 0xa5
	}
	must(t, os.WriteFile(path, raw, 0o600))
	db = open(t, path)
	err = db.Query("SELECT b FROM t", func(*sqlos.Stmt) error { return nil })
	if !sqlos.IsCorrupt(err) {
		t.Errorf("reading damaged pages = %v; want IsCorrupt", err)
	}
}

func TestAnotherConnectionIsKeptOutUntilTheFirstIsClosed(t *testing.T) {
	t.Parallel() // it waits for the busy timeout
	path := filepath.Join(t.TempDir(), "a.db")
	one := open(t, path)
	must(t, one.Exec("CREATE TABLE t (a)"))
	if db, err := sqlos.Open(path); !sqlos.IsBusy(err) {
		if err == nil {
			_ = db.Close()
		}
		t.Errorf("opening a file that is open = %v; want IsBusy", err)
	}
	must(t, one.Exec("INSERT INTO t VALUES (1)"))
	must(t, one.Close())
	if got := number(t, open(t, path), "SELECT count(*) FROM t"); got != 1 {
		t.Errorf("%d rows; want 1", got)
	}
}

// TestNoSharedMemoryIsAskedFor holds the file to what a full disk needs: the -shm
// file cannot be made there, and the agent would not start.
func TestNoSharedMemoryIsAskedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := open(t, path)
	must(t, db.Exec("CREATE TABLE t (a)"))
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path + "-shm"); !os.IsNotExist(err) {
		t.Errorf("the -shm file: %v; want none", err)
	}
}

// TestTheLogStaysSmall writes what made SQLite's own limit 4 MB.
func TestTheLogStaysSmall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := open(t, path)
	must(t, db.Exec("CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)"))
	for n := range 1000 {
		must(t, db.Tx(func(tx *sqlos.Tx) error { return tx.Exec("REPLACE INTO t VALUES (?, ?)", n%10, make([]byte, 3000)) }))
	}
	must(t, db.Tx(func(tx *sqlos.Tx) error { return tx.Exec("REPLACE INTO t VALUES (1, zeroblob(2000000))") }))
	for n := range 50 {
		must(t, db.Tx(func(tx *sqlos.Tx) error { return tx.Exec("REPLACE INTO t VALUES (?, ?)", n%10, make([]byte, 3000)) }))
	}
	info, err := os.Stat(path + "-wal")
	must(t, err)
	if info.Size() > 500_000 {
		t.Errorf("the -wal file has %d bytes after a large transaction and many small ones", info.Size())
	}
}
