package sqlos_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/sqlos"
)

const childEnv = "OSIRIS_TEST_SQLOS_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := child(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1) // a child ends by being killed
	}
	os.Exit(m.Run())
}

// child inserts rows for ever and prints each rowid after its commit.
func child(path string) error {
	db, err := sqlos.Open(path)
	if err != nil {
		return err
	}
	if err := db.Exec("CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b BLOB)"); err != nil {
		return err
	}
	for {
		var id int64
		if err := db.Tx(func(tx *sqlos.Tx) error {
			err := tx.Exec("INSERT INTO t (b) VALUES (?)", make([]byte, 700))
			id = tx.LastInsertRowID()
			return err
		}); err != nil {
			return err
		}
		fmt.Println(id)
	}
}

func TestCommitsSurviveKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	last := int64(0)
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewReader(out)
		// Read on after the kill: what stands in the pipe was committed.
		for n := 0; ; n++ {
			line, err := lines.ReadString('\n')
			if err != nil {
				break
			}
			last, err = strconv.ParseInt(strings.TrimSpace(line), 10, 64)
			must(t, err)
			if n == 20+round*7 {
				must(t, cmd.Process.Kill())
			}
		}
		_ = cmd.Wait() // killed
		db, err := sqlos.Open(path)
		must(t, err)
		if got := number(t, db, "SELECT count(*) FROM t WHERE a <= ?", last); got != last || last == 0 {
			t.Errorf("round %d: %d rows up to %d", round, got, last)
		}
		check := ""
		must(t, db.Query("PRAGMA integrity_check", func(s *sqlos.Stmt) error {
			check += s.ColumnText(0)
			return nil
		}))
		if check != "ok" {
			t.Errorf("integrity_check = %s", check)
		}
		must(t, db.Close())
	}
}
