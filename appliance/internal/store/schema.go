package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
)

// Schema is one owner's tables. Step n of Steps (from 1) is SQL that may hold
// several statements; steps are appended, never changed, because databases in
// the field have run the old ones.
type Schema struct {
	Owner string
	Steps []string
}

// baseSchema holds what belongs to no feature.
var baseSchema = Schema{Owner: "store", Steps: []string{`
CREATE TABLE meta (
	name  TEXT PRIMARY KEY,
	value BLOB NOT NULL
) WITHOUT ROWID`}}

// migrate runs the steps an owner's tables still lack, each with its mark in
// one transaction.
func migrate(ctx context.Context, conn *sql.Conn, schemas []Schema) error {
	const table = `CREATE TABLE IF NOT EXISTS schema_step (
		owner TEXT NOT NULL, step INTEGER NOT NULL, PRIMARY KEY (owner, step)) WITHOUT ROWID`
	if _, err := conn.ExecContext(ctx, table); err != nil {
		return err
	}
	for _, s := range schemas {
		for i, step := range s.Steps {
			if err := runStep(ctx, conn, s.Owner, i+1, step); err != nil {
				return fmt.Errorf("migrating %s to step %d: %w", s.Owner, i+1, err)
			}
		}
	}
	return newStoreID(ctx, conn)
}

func runStep(ctx context.Context, conn *sql.Conn, owner string, number int, step string) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // says so after a commit
	got, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO schema_step (owner, step) VALUES (?, ?)", owner, number)
	if err != nil {
		return err
	}
	if n, err := got.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, step); err != nil {
		return err
	}
	return tx.Commit()
}

// newStoreID gives a new database its id; an old one keeps its own.
func newStoreID(ctx context.Context, conn *sql.Conn) error {
	id := make([]byte, 16)
	rand.Read(id) // never fails since Go 1.24
	_, err := conn.ExecContext(ctx, "INSERT OR IGNORE INTO meta (name, value) VALUES ('store_id', ?)", id)
	return err
}
