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

func TestAnotherConnectionWaitsItsTurn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	one, two := open(t, path), open(t, path)
	must(t, one.Exec("CREATE TABLE t (a)"))
	must(t, two.Exec("PRAGMA busy_timeout=0"))
	must(t, one.Tx(func(tx *sqlos.Tx) error {
		must(t, tx.Exec("INSERT INTO t VALUES (1)"))
		if err := two.Exec("INSERT INTO t VALUES (2)"); !sqlos.IsBusy(err) {
			t.Errorf("writing beside a transaction = %v; want IsBusy", err)
		}
		if got := number(t, two, "SELECT count(*) FROM t"); got != 0 {
			t.Errorf("the other connection sees %d uncommitted rows", got)
		}
		return nil
	}))
	must(t, two.Exec("INSERT INTO t VALUES (2)"))
}
