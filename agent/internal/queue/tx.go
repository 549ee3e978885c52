package queue

import (
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/agent/internal/sqlos"
)

// Tx is one write transaction on the queue's file. The embedded handle serves
// tables of other packages.
type Tx struct {
	_ [0]func() // as in Queue
	*sqlos.Tx
	q         *Queue
	st        state
	before    state
	pending   uint64 // records lost earlier, that this transaction is to tell
	told      uint64 // those it told
	mark      uint64 // acknowledged, as memory has it
	attempted uint64 // records it was asked to add
	kept      bool   // by the caller
	full      error  // of a disk that was full
}

// Keep says that the caller holds what it appends and tries again when the disk
// is full: then it is not counted as lost.
func (tx *Tx) Keep() { tx.kept = true }

// Tx runs fn in one write transaction: what it appends and what it writes to
// other tables become durable together or not at all. fn must not use the Queue
// or its DB, only the handle. On a full disk fn may be called several times.
//
// When the disk is full the error has ErrFull in its chain, nothing was written
// and the records fn asked to add are counted as lost, unless it called Keep.
func (q *Queue) Tx(fn func(*Tx) error) error {
	q.write.Lock()
	err := q.once(fn)
	q.write.Unlock()
	return err
}

// once is Tx with the right to write.
func (q *Queue) once(fn func(*Tx) error) error {
	q.mu.Lock()
	pending, mark := q.pending, q.last.acked
	q.mu.Unlock()
	tx, err := q.try(pending, mark, true, fn)
	if tx.full != nil && tx.attempted == 0 {
		// The write itself may fit, only what it was to carry along did not.
		tx, err = q.try(0, mark, false, fn)
	}
	q.mu.Lock()
	switch {
	case err == nil:
		q.pending -= tx.told
		q.last = tx.st
		q.last.acked = max(tx.st.acked, tx.mark)
		q.full = q.full && tx.st == tx.before
	case tx.full != nil:
		q.full = true
		q.pending += tx.attempted
		err = fmt.Errorf("%w: %w", ErrFull, err)
	}
	q.mu.Unlock()
	if err != nil {
		return err
	}
	if tx.st.next > tx.before.next || tx.st.id != tx.before.id {
		select {
		case q.notify <- struct{}{}:
		default: // a signal is waiting already
		}
	}
	return nil
}

// try is one attempt. It may carry the mark along, if the file has an older one.
func (q *Queue) try(pending, mark uint64, carry bool, fn func(*Tx) error) (*Tx, error) {
	tx := &Tx{}
	err := q.db.Tx(func(sql *sqlos.Tx) error {
		st, err := loadState(sql)
		if err != nil {
			return err
		}
		*tx = Tx{Tx: sql, q: q, st: st, before: st, pending: pending, mark: mark}
		if err := fn(tx); err != nil {
			return err
		}
		if tx.full != nil {
			return tx.full
		}
		if carry {
			if err := tx.ack(tx.mark); err != nil && !errors.Is(err, ErrAckUnknown) { // a limit may have made a gap there since
				return err
			}
		}
		if err := tx.tellPending(); err != nil {
			return err
		}
		if tx.st.next != tx.before.next {
			if err := tx.trim(); err != nil {
				return err
			}
		}
		if tx.st == tx.before {
			return nil
		}
		return tx.st.save(sql)
	})
	if sqlos.IsFull(err) {
		tx.full = err
	}
	if tx.kept {
		tx.attempted = 0
	}
	return tx, err
}

// Append adds one record within the transaction.
func (tx *Tx) Append(kind uint8, body []byte) (Record, error) {
	tx.attempted++
	return tx.insert(kind, body)
}

func (tx *Tx) insert(kind uint8, body []byte) (Record, error) {
	if kind == KindGap {
		return Record{}, errors.New("adding a record: this kind is for gaps")
	}
	if cost(len(body)) > tx.q.limits.MaxBytes/2 {
		return Record{}, ErrTooLarge
	}
	if err := tx.tellPending(); err != nil {
		return Record{}, err
	}
	r := Record{Seq: tx.st.next, ID: newID(), Kind: kind, CreatedMs: nowMs(), Body: body}
	if err := tx.put(&r); err != nil {
		return Record{}, err
	}
	tx.st.next++
	return r, nil
}

// tellPending gives the records lost to a full disk the next sequences.
func (tx *Tx) tellPending() error {
	if tx.pending == 0 {
		return nil
	}
	n := tx.pending
	g := &Gap{From: tx.st.next, To: tx.st.next + n - 1, Count: n, Reason: ReasonDiskFull}
	if err := tx.put(gapRecord(g, nowMs())); err != nil {
		return err
	}
	tx.st.next += n
	tx.st.dropped += n
	tx.told, tx.pending = n, 0
	return nil
}

func (tx *Tx) put(r *Record) error {
	if err := tx.Exec("INSERT INTO queue_record (seq, id, kind, created_ms, body) VALUES (?,?,?,?,?)",
		r.Seq, r.ID[:], int(r.Kind), r.CreatedMs, r.Body); err != nil {
		if sqlos.IsFull(err) {
			tx.full = err // also when fn drops it
		}
		return err
	}
	tx.st.rows++
	tx.st.bytes += cost(len(r.Body))
	return nil
}

// removeThrough deletes the rows with seq <= through.
func (tx *Tx) removeThrough(through uint64) error {
	if err := tx.Query("SELECT count(*), total(length(body)) FROM queue_record WHERE seq <= ?", func(s *sqlos.Stmt) error {
		rows := s.ColumnInt64(0)
		tx.st.rows -= rows
		tx.st.bytes -= s.ColumnInt64(1) + rows*recordOverhead
		return nil
	}, through); err != nil {
		return err
	}
	return tx.Exec("DELETE FROM queue_record WHERE seq <= ?", through)
}

func gapRecord(g *Gap, createdMs int64) *Record {
	return &Record{Seq: g.To, ID: newID(), Kind: KindGap, CreatedMs: createdMs, Body: g.Encode()}
}

var nowMs = func() int64 { return time.Now().UnixMilli() }
