// Package store keeps Central's rows: clients, sites, appliances, logs,
// evidence, and what is derived from evidence. This one is the embedded SQLite
// (WAL, synchronous=FULL, one writer connection); PostgreSQL comes beside it
// and runs the same suite, storetest. Packages that use it declare the few
// methods they call. Times are Unix milliseconds, hashes and keys raw bytes,
// pages are key-set pages: rows after a key, in key order.
//
// Evidence, log and audit rows are insert-only, held by triggers. Rows of host,
// verdict and incident are projections of the bundles and can be made again.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	_ "modernc.org/sqlite" // the driver registers itself
)

// Errors that callers tell apart.
var (
	// ErrNotFound means there is no such row for this site.
	ErrNotFound = errors.New("not found")
	// ErrConflict means the row changed or exists with other content.
	ErrConflict = errors.New("conflict")
	// ErrClosed means that a log was ended by a newer epoch.
	ErrClosed = errors.New("the log was closed by a newer epoch")
)

// readers bounds concurrent reads: more only compete for two cores and memory.
const readers = 8

// Store is Central's database.
type Store struct {
	writer *sql.DB // one connection, so writes queue here and not in SQLite
	reader *sql.DB
}

// Open opens the database file, making or migrating it.
func Open(ctx context.Context, path string) (*Store, error) {
	// SQLite would make it readable for all, and gives its log the same mode.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	writer, err := sql.Open("sqlite", dsn(path, false))
	if err != nil {
		return nil, fmt.Errorf("opening database %s: %w", path, err)
	}
	writer.SetMaxOpenConns(1)
	if err := migrate(ctx, writer); err != nil {
		return nil, errors.Join(fmt.Errorf("opening database %s: %w", path, err), writer.Close())
	}
	reader, err := sql.Open("sqlite", dsn(path, true))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening database %s: %w", path, err), writer.Close())
	}
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	return &Store{writer: writer, reader: reader}, nil
}

func dsn(path string, readOnly bool) string {
	q := url.Values{"_pragma": {
		"busy_timeout(15000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-32000)",
	}}
	if readOnly {
		q.Add("_pragma", "query_only(1)")
	} else {
		q.Set("_txlock", "immediate")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// Close closes the database.
func (s *Store) Close() error { return errors.Join(s.reader.Close(), s.writer.Close()) }

// write runs do in one durable transaction.
func (s *Store) write(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// exec runs one statement in its own transaction.
func (s *Store) exec(ctx context.Context, query string, args ...any) error {
	_, err := s.writer.ExecContext(ctx, query, args...)
	return err
}

// notFound turns the driver's word for no row into ours.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// scanner is a row or rows.
type scanner interface{ Scan(into ...any) error }

// list runs a query and collects its rows.
func list[T any](ctx context.Context, db *sql.DB, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	var all []T
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}
