// Package translog keeps the evidence log in one SQLite file, evidence.db
// (DESIGN D24, D29, D31). One writer goroutine commits groups of records; a
// commit holds bundle bytes, signature file, log entry, tree nodes and the
// signed checkpoint, so that an acknowledged record is durable and covered by a
// checkpoint. Nothing is ever changed or removed: triggers refuse it.
//
// Entries are rows keyed epoch<<40 | position. A row's nodes column holds what
// the entry adds to the Merkle tree (logproof.NodeReader), so the tree needs no
// table of its own. WAL, synchronous=FULL: one sync a commit. Positions and
// sizes count from 0. ErrClosed means that Run has ended.
// Measured first in a prototype (8,572 bundles/s, 16 producers, 2 cores,
// 2026-11-22); appliance/cmd/benchappliance measures this one.
package translog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"

	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"
	_ "modernc.org/sqlite" // the driver
)

// Errors that callers tell apart.
var (
	ErrClosed   = errors.New("evidence log is closed")
	ErrNotFound = errors.New("not in the evidence log")
)

// positionBits of a row's key hold the position, the rest the epoch.
const positionBits = 40

// Log is the evidence log. Append and the other writing methods work while Run
// runs; reading works until Close.
type Log struct {
	key     *signed.Key
	readers *sql.DB
	writing *sql.DB
	writer  *writer
	work    chan job
	stopped chan struct{} // closed when Run has ended

	mu      sync.RWMutex
	now     Status
	changed chan struct{} // closed and replaced after each commit
}

// Status is the end of the log as of the last commit.
type Status struct {
	Epoch      uint64
	Origin     string
	Size       uint64
	Last       logproof.Hash // chain hash of the newest entry
	Checkpoint []byte        // signed by the log key; nil at size 0
}

// Open opens or makes the log in the file path. key signs checkpoints. origin
// names the first epoch and must be given when the file is new; later it is
// what the file says.
func Open(ctx context.Context, path, origin string, key *signed.Key) (*Log, error) {
	l := &Log{
		key: key, work: make(chan job, maxBatch), stopped: make(chan struct{}), changed: make(chan struct{}),
	}
	var err error
	if l.writing, err = openDB(path, "_txlock=immediate&_pragma=wal_autocheckpoint(4000)", 1); err != nil {
		return nil, err
	}
	if err = l.prepare(ctx, origin); err == nil {
		l.readers, err = openDB(path, "_pragma=query_only(1)", 4)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening evidence log %s: %w", path, err), l.writing.Close())
	}
	return l, nil
}

// openDB opens the file with what every connection needs. page_size counts only
// for a new file; it must come before journal_mode.
func openDB(path, more string, connections int) (*sql.DB, error) {
	// Its owner's alone before SQLite sees it, which gives its other files the
	// same mode.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = errors.Join(f.Chmod(0o600), f.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("opening evidence log %s: %w", path, err)
	}
	const common = "?_pragma=busy_timeout(10000)&_pragma=page_size(4096)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&"
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String()
	db, err := sql.Open("sqlite", dsn+common+more)
	if err != nil {
		return nil, fmt.Errorf("opening evidence log %s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// prepare brings the schema and the writer up and loads the newest epoch.
func (l *Log) prepare(ctx context.Context, origin string) error {
	conn, err := l.writing.Conn(ctx)
	if err != nil {
		return err
	}
	if err := migrate(ctx, conn); err != nil {
		return err
	}
	if l.writer, err = newWriter(ctx, conn, l.key); err != nil {
		return err
	}
	if err := l.writer.load(ctx, origin); err != nil {
		return err
	}
	l.publish()
	return nil
}

// publish makes the writer's state visible to readers.
func (l *Log) publish() {
	w := l.writer
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = Status{w.epoch, w.head.Origin, w.head.Size(), w.head.Last, w.checkpoint}
	close(l.changed)
	l.changed = make(chan struct{})
}

// Status is the end of the log and a channel that closes when it is outdated.
func (l *Log) Status() (Status, <-chan struct{}) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.now, l.changed
}

// Close releases the file. Run must have ended.
func (l *Log) Close() error {
	return errors.Join(l.readers.Close(), l.writer.close(), l.writing.Close())
}
