// Package store is state.db: what an appliance must remember to be right after
// a crash (DESIGN D24). It is SQLite (modernc.org/sqlite) in WAL mode with
// synchronous=FULL: what Write acknowledged survives kill -9 and, as far as the
// disk keeps its promise, power loss.
//
// One goroutine writes. Write hands it a function; up to 512 waiting functions
// share one transaction and one sync; when one fails the group is run again with
// a savepoint each, so that a failing one changes nothing and the others go
// through. Readers use
// connections of their own and should hold them shortly, since an old reader
// keeps the WAL from shrinking.
//
// Each feature brings its own tables as a Schema; steps are numbered per owner
// and only ever appended. Times in tables are Unix milliseconds. ErrClosed
// means the store was closed before the write was taken.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"

	// The driver registers itself under the name sqlite.
	_ "modernc.org/sqlite"
)

// ErrClosed is returned by Write after Close.
var ErrClosed = errors.New("store is closed")

// maxGroup is how many writes may share a commit. Larger groups gained nothing
// measurable on 2 cores (2026-11-22) and make the first waiter wait longer.
const maxGroup = 512

// Store is state.db.
type Store struct {
	path    string
	readers *sql.DB
	writer  *sql.DB
	conn    *sql.Conn
	tx      *Tx
	queue   chan *write
	stop    chan struct{}
	done    chan struct{}
	once    sync.Once
	trouble trouble
}

// Open opens or makes the database file at path and brings the tables of every
// schema to their newest step. The caller calls Close.
func Open(ctx context.Context, path string, schemas ...Schema) (*Store, error) {
	s := &Store{path: path, queue: make(chan *write, maxGroup), stop: make(chan struct{}), done: make(chan struct{})}
	if err := s.open(ctx, schemas); err != nil {
		return nil, fmt.Errorf("opening state store %s: %w", path, errors.Join(err, s.closeFiles()))
	}
	go s.run() //nolint:contextcheck // the writer outlives the call that opened the store
	return s, nil
}

func (s *Store) open(ctx context.Context, schemas []Schema) (err error) {
	if err = private(s.path); err != nil {
		return err
	}
	if s.writer, err = sql.Open("sqlite", dsn(s.path, "immediate")); err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	if s.conn, err = s.writer.Conn(ctx); err != nil {
		return err
	}
	if err = migrate(ctx, s.conn, append([]Schema{baseSchema}, schemas...)); err != nil {
		return err
	}
	s.tx = newTx(s.conn)
	if s.readers, err = sql.Open("sqlite", dsn(s.path, "deferred")+"&_pragma=query_only(1)"); err != nil {
		return err
	}
	s.readers.SetMaxOpenConns(4)
	return nil
}

// private makes the file its owner's alone before SQLite sees it, which would
// make it readable for everybody and gives its other files the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// dsn sets the pragmas on every connection. The busy timeout serves the second
// process that `token new` is.
func dsn(path, lock string) string {
	return "file:" + path + "?_txlock=" + lock +
		"&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=cache_size(-8192)&_pragma=temp_store(MEMORY)"
}

// Reader is for queries outside the writer. Its connections are read-only.
func (s *Store) Reader() *sql.DB { return s.readers }

// Close finishes the writes already taken and closes the file.
func (s *Store) Close() error {
	s.once.Do(func() { close(s.stop) })
	<-s.done
	return s.closeFiles()
}

func (s *Store) closeFiles() error {
	var errs []error
	if s.tx != nil {
		s.tx.close()
	}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
		s.conn = nil
	}
	for _, db := range []*sql.DB{s.readers, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}
