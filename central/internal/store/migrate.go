package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// migrations run in name order, each once and whole. A file that was released
// is never edited.
//
//go:embed migration/*.sql
var migrations embed.FS

// migrate brings the database to the newest schema. Two processes may start at
// once: the transaction takes the write lock before it looks.
func migrate(ctx context.Context, db *sql.DB) error {
	names, err := fs.Glob(migrations, "migration/*.sql")
	if err != nil {
		return err
	}
	slices.Sort(names)
	for i, name := range names {
		if err := apply(ctx, db, i+1, name); err != nil {
			return fmt.Errorf("applying %s: %w", name, err)
		}
	}
	var held int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&held); err != nil {
		return err
	}
	if held > len(names) {
		return fmt.Errorf("database has schema %d and this program knows %d: it was written by a newer version", held, len(names))
	}
	return nil
}

func apply(ctx context.Context, db *sql.DB, version int, name string) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if rolled := tx.Rollback(); !errors.Is(rolled, sql.ErrTxDone) {
			err = errors.Join(err, rolled)
		}
	}()
	var held int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&held); err != nil || held >= version {
		return err
	}
	text, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
		return err
	}
	return tx.Commit()
}
