package translog

import (
	"context"
	"database/sql"
	"fmt"
)

// schema is numbered by PRAGMA user_version: statement list i leads from i to
// i+1. Lists are only ever added.
var schema = [][]string{{
	`CREATE TABLE epoch (
		epoch INTEGER PRIMARY KEY,
		origin TEXT NOT NULL UNIQUE,
		kept INTEGER)             -- once it has ended: how many first entries the witness holds alike`,
	`CREATE TABLE entry (
		id INTEGER PRIMARY KEY,   -- epoch<<40 | position
		bundle_id BLOB NOT NULL,  -- 16 bytes
		day INTEGER NOT NULL,     -- days since 1970 of made_time, the export folder
		entry BLOB NOT NULL,
		nodes BLOB NOT NULL,
		sig BLOB NOT NULL,
		bundle BLOB NOT NULL)`,
	`CREATE INDEX entry_bundle ON entry (bundle_id, day)`,
	`CREATE TABLE checkpoint (epoch INTEGER PRIMARY KEY, note BLOB NOT NULL)`,
	`CREATE TABLE cosigned (id INTEGER PRIMARY KEY, note BLOB NOT NULL)`, // epoch<<40 | size
	`CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID`,
	`CREATE TRIGGER entry_fixed BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'evidence is insert-only'); END`,
	`CREATE TRIGGER entry_kept BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'evidence is insert-only'); END`,
}}

// migrate brings the file to the newest schema in one transaction.
func migrate(ctx context.Context, conn *sql.Conn) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // done already after Commit
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(schema) {
		return fmt.Errorf("schema %d is newer than this program's %d", version, len(schema))
	}
	for _, list := range schema[version:] {
		for _, statement := range list {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("migrating from schema %d: %w", version, err)
			}
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(schema))); err != nil {
		return err
	}
	return tx.Commit()
}
