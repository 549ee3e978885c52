package queue

import (
	"errors"
	"fmt"

	"github.com/osiriscare/osiris/agent/internal/sqlos"
)

// Ack deletes the records with seq <= through, which the appliance has made
// durable. An acknowledgement that is older than the last one does nothing.
// ErrAckAhead and ErrAckUnknown mean a confused appliance; nothing is deleted. On
// a full disk the mark is kept in memory until it can be written; when it is lost
// with the process, the next Reconcile finds it again.
func (q *Queue) Ack(through uint64) error {
	err := q.Tx(func(tx *Tx) error { return tx.ack(through) })
	if errors.Is(err, ErrFull) {
		q.owe(through)
		return nil
	}
	if err != nil {
		return fmt.Errorf("acknowledging through %d: %w", through, err)
	}
	return nil
}

// owe keeps a mark in memory, which the next transaction brings to the disk.
func (q *Queue) owe(through uint64) {
	q.mu.Lock()
	q.last.acked = through
	q.mu.Unlock()
}

func (tx *Tx) ack(through uint64) error {
	if through <= tx.st.acked {
		return nil
	}
	if through >= tx.st.next {
		return ErrAckAhead
	}
	ids, err := tx.idsAt(through)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return ErrAckUnknown
	}
	if err := tx.removeThrough(through); err != nil {
		return err
	}
	// Ids at the mark itself stay: the receiver may hold the dropped record
	// rather than the gap that replaced it.
	if err := tx.Exec("DELETE FROM queue_known WHERE seq < ?", through); err != nil {
		return err
	}
	tx.st.acked, tx.st.ackedID = through, ids[0]
	return tx.cutHeadGap()
}

// cutHeadGap takes what the receiver has from the front of the first row, if
// that is a gap the mark points into.
func (tx *Tx) cutHeadGap() error {
	head, g, err := tx.headGap()
	if err != nil || head.Seq == 0 || g.From > tx.st.acked {
		return err
	}
	g.startAt(tx.st.acked + 1)
	return tx.setGap(head, g)
}

// headGap returns the first row if it is a gap, without its body.
func (tx *Tx) headGap() (head *Record, g *Gap, err error) {
	head, g = &Record{}, &Gap{}
	err = tx.Query("SELECT seq, kind, body FROM queue_record ORDER BY seq LIMIT 1", func(s *sqlos.Stmt) error {
		if uint8(s.ColumnInt64(1)) != KindGap {
			return nil
		}
		var err error
		head.Seq, head.Body = uint64(s.ColumnInt64(0)), s.ColumnBytes(2)
		*g, err = DecodeGap(head.Body)
		return err
	})
	return head, g, err
}

func (tx *Tx) setGap(old *Record, g *Gap) error {
	body := g.Encode()
	tx.st.bytes += int64(len(body) - len(old.Body))
	return tx.Exec("UPDATE queue_record SET body = ? WHERE seq = ?", body, old.Seq)
}

// RecordID is the id of the record at seq: of a row, of the last acknowledged
// record, or of a dropped record that is still remembered.
func (q *Queue) RecordID(seq uint64) (id [16]byte, ok bool) {
	var ids [][16]byte
	err := q.db.View(func(sql *sqlos.Tx) (err error) {
		tx := &Tx{Tx: sql, q: q}
		if tx.st, err = loadState(sql); err != nil {
			return err
		}
		ids, err = tx.idsAt(seq)
		return err
	})
	if err != nil || len(ids) == 0 {
		return id, false
	}
	return ids[0], true
}

// idsAt lists the ids that the receiver may hold at seq. There is more than one
// when a gap took the place of the last record it covers.
func (tx *Tx) idsAt(seq uint64) (ids [][16]byte, err error) {
	if seq == 0 {
		return nil, nil
	}
	if seq == tx.st.acked {
		ids = append(ids, tx.st.ackedID)
	}
	err = tx.Query("SELECT id FROM queue_record WHERE seq = ? UNION ALL SELECT id FROM queue_known WHERE seq = ?", func(s *sqlos.Stmt) error {
		ids = append(ids, id16(s.ColumnBytes(0)))
		return nil
	}, seq, seq)
	return ids, err
}
