package queue

import (
	"fmt"

	"github.com/osiriscare/osiris/agent/internal/sqlos"
)

// Stats describes the queue for heartbeats and log lines.
type Stats struct {
	Records   int64  // rows held, gaps included
	Bytes     int64  // as Limits.MaxBytes counts
	OldestMs  int64  // creation of the oldest row; 0 when empty
	Dropped   uint64 // records replaced by gaps since the file was made
	Pending   uint64 // records lost to a full disk, not yet in a gap
	Renewals  uint64 // times the queue id was renewed
	First     uint64
	Next      uint64
	AckedID   [16]byte
	AckedUpTo uint64
}

// Stats reads the counters.
func (q *Queue) Stats() (Stats, error) {
	q.mu.Lock()
	pending := q.pending
	q.mu.Unlock()
	out := Stats{Pending: pending}
	err := q.db.View(func(tx *sqlos.Tx) error {
		st, err := loadState(tx)
		if err != nil {
			return err
		}
		out.Records, out.Bytes, out.Dropped, out.Renewals = st.rows, st.bytes, st.dropped, st.renewals
		out.First, out.Next, out.AckedUpTo, out.AckedID = st.acked+1, st.next, st.acked, st.ackedID
		return tx.Query("SELECT created_ms FROM queue_record ORDER BY seq LIMIT 1", func(s *sqlos.Stmt) error {
			out.OldestMs = s.ColumnInt64(0)
			return nil
		})
	})
	if err != nil {
		return Stats{}, fmt.Errorf("reading the queue's counters: %w", err)
	}
	return out, nil
}
