// Package queue is the agent's durable queue of records for the appliance
// (DESIGN D4), in one SQLite file.
//
// A record's key is (agent id, queue id, seq). The queue id is random and made
// with the file; seq counts from 1 without holes. Append returns after the
// record is on the disk; Ack deletes what the appliance has made durable.
//
// Records that will never come are told by a gap record (KindGap, its body is a
// Gap). A gap covers from..to and its own seq is its `to`, so the rows of the
// file, read in order, cover every seq from First to Next-1 once. The receiver
// takes seq mark+1, or a gap with from <= mark+1 <= to, after which its mark is
// `to`. It may hold the first records of a gap already, because they were on
// their way when the queue dropped them; then mark+1-from of them are not lost
// and it lowers count by that. count is the number of records, which after a
// renewal may be above to-from+1, never below.
//
// A gap comes from: the limits (the oldest rows become one gap, joined with a
// gap beside them), a full disk (the lost records take the next sequences as
// soon as a write succeeds; until then the number is in memory only and is lost
// with the process, as are acknowledgements), and an appliance restored from a backup (Reconcile).
//
// The receiver's mark can be inside a gap. To recognise the record it holds
// there, the ids of the first 1024 rows that limits dropped are remembered until
// they are acknowledged; a mark past those is treated as a fork.
//
// Sizes are bytes, times Unix milliseconds of the agent's wall clock. Ages are
// by a clock that does not jump (age.go), so that a clock that is set ahead expires
// nothing.
// Other packages keep tables in the same file (DB) and join their writes with
// an Append in one transaction (Tx).
package queue

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/osiriscare/osiris/agent/internal/sqlos"
)

var (
	// ErrFull is in the chain when the disk is full. The records of the failed
	// call are lost and counted: a gap will tell. Do not append them again.
	ErrFull = errors.New("the disk is full")
	// ErrAckAhead means an acknowledgement of records that were never made.
	ErrAckAhead = errors.New("acknowledged sequence is ahead of the queue")
	// ErrAckUnknown means an acknowledgement inside a gap, of a record that the
	// receiver cannot have.
	ErrAckUnknown = errors.New("acknowledged sequence is inside a gap")
	// ErrTooLarge means a body that the limits can never hold.
	ErrTooLarge = errors.New("record is larger than the queue")
)

// Queue is an open queue file. Its methods may be called from any goroutine.
type Queue struct {
	_      [0]func() // nobody compares queues: the code to do it is a fifth of a kilobyte
	db     *sqlos.DB
	limits Limits
	notify chan struct{}

	write sync.Mutex // held through a Tx, so that pending is told once
	age   age

	mu      sync.Mutex
	last    state  // as of the latest commit, but for a mark that a full disk did not take
	pending uint64 // records lost to a full disk, not yet in a gap
	full    bool   // the disk was, when something was last to be written
}

// Open opens the queue file at path or makes it. Zero limits mean the defaults.
// For a damaged file the error answers sqlos.IsCorrupt; SetAside makes room for
// a new one.
func Open(path string, limits Limits) (*Queue, error) {
	db, err := sqlos.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening queue: %w", err)
	}
	q := &Queue{db: db, limits: limits.orDefault(), notify: make(chan struct{}, 1)}
	if err := q.prepare(); err != nil {
		_ = db.Close() // the error that led here is the one to report
		return nil, fmt.Errorf("opening queue %s: %w", path, err)
	}
	return q, nil
}

// prepare makes the tables and learns the state. A full disk must not keep the
// agent from starting, so trimming is best effort here.
func (q *Queue) prepare() error {
	if err := q.db.View(func(tx *sqlos.Tx) (err error) {
		q.last, err = loadState(tx)
		return err
	}); err != nil {
		if !errors.Is(err, errNoState) {
			return err
		}
		if err := q.db.Tx(func(tx *sqlos.Tx) (err error) {
			q.last, err = createState(tx)
			return err
		}); err != nil {
			return err
		}
	}
	if err := q.startAge(); err != nil {
		return err
	}
	if err := q.Trim(); err != nil && !errors.Is(err, ErrFull) {
		return err
	}
	return nil
}

// Close closes the file, after a last try to record losses to a full disk.
func (q *Queue) Close() error {
	q.mu.Lock()
	full := q.full
	q.mu.Unlock()
	if full {
		q.Settle()
	}
	return q.db.Close()
}

// Settle applies the limits, tries to write what waits in memory because the disk
// was full, and tells whether it still is.
func (q *Queue) Settle() (full bool) {
	_ = q.Tx((*Tx).trim) // what it cannot write waits on
	q.mu.Lock()
	full = q.full
	q.mu.Unlock()
	return full
}

// SetAside renames a damaged queue file and its companions, so that Open makes
// a new one. It answers the new name of the main file.
func SetAside(path string) (string, error) {
	to := path + ".damaged-" + strconv.FormatInt(time.Now().UnixMilli(), 10)
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+suffix, to+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("setting the damaged queue aside: %w", err)
		}
	}
	return to, nil
}

// DB is the file, for tables of other packages. Writes that belong together
// with an Append go through Tx.
func (q *Queue) DB() *sqlos.DB { return q.db }

// ID is the queue id; Reconcile may renew it.
func (q *Queue) ID() [16]byte { return q.snapshot().id }

// First is the lowest sequence that is not acknowledged.
func (q *Queue) First() uint64 { return q.snapshot().acked + 1 }

// Next is the sequence that the next record gets. First == Next means empty.
func (q *Queue) Next() uint64 { return q.snapshot().next }

// Notify receives a value after records were added; several additions may give
// one value. It has one reader.
func (q *Queue) Notify() <-chan struct{} { return q.notify }

func (q *Queue) snapshot() state {
	q.mu.Lock()
	last := q.last
	q.mu.Unlock()
	return last
}

// Append adds one record and returns when it is on the disk.
func (q *Queue) Append(kind uint8, body []byte) (Record, error) {
	records, err := q.AppendAll([]Item{{Kind: kind, Body: body}})
	if err != nil {
		return Record{}, err
	}
	return records[0], nil
}

// AppendAll adds several records in one commit.
func (q *Queue) AppendAll(items []Item) ([]Record, error) {
	records := make([]Record, 0, len(items))
	err := q.Tx(func(tx *Tx) error {
		// On a full disk all items are lost, also those not reached.
		tx.attempted += uint64(len(items))
		records = records[:0]
		for _, item := range items {
			r, err := tx.insert(item.Kind, item.Body)
			if err != nil {
				return err
			}
			records = append(records, r)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("appending to the queue: %w", err)
	}
	return records, nil
}

// Read returns records with seq > after, in order, up to either limit, but at
// least one if there is one.
func (q *Queue) Read(after uint64, maxRecords, maxBytes int) ([]Record, error) {
	var records []Record
	size := 0
	err := q.db.Query("SELECT seq, id, kind, created_ms, body FROM queue_record WHERE seq > ? ORDER BY seq LIMIT ?", func(s *sqlos.Stmt) error {
		r := Record{Seq: uint64(s.ColumnInt64(0)), ID: id16(s.ColumnBytes(1)), Kind: uint8(s.ColumnInt64(2)), CreatedMs: s.ColumnInt64(3), Body: s.ColumnBytes(4)}
		if size += len(r.Body); size > maxBytes && len(records) > 0 {
			return errStop
		}
		records = append(records, r)
		return nil
	}, after, max(maxRecords, 1))
	if err != nil && !errors.Is(err, errStop) {
		return nil, fmt.Errorf("reading the queue: %w", err)
	}
	return records, nil
}

// errStop ends a query early.
var errStop = errors.New("stop")

func newID() (id [16]byte) {
	_, _ = rand.Read(id[:]) // never fails since Go 1.24
	return id
}

func id16(b []byte) (id [16]byte) {
	copy(id[:], b)
	return id
}
