package queue

import (
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/agent/internal/sqlos"
)

// Limits bound the queue. Beyond them the oldest records become one gap.
type Limits struct {
	MaxRecords int64 // 0 means 10,000
	MaxAge     time.Duration
	MaxBytes   int64 // bodies and 64 bytes a record; 0 means 64 MB
}

func (l Limits) orDefault() Limits {
	if l.MaxRecords <= 0 {
		l.MaxRecords = 10_000
	}
	// A gap and the newest record must fit.
	l.MaxRecords = max(l.MaxRecords, 2)
	if l.MaxAge <= 0 {
		l.MaxAge = 7 * 24 * time.Hour
	}
	if l.MaxBytes <= 0 {
		l.MaxBytes = 64 << 20
	}
	l.MaxBytes = max(l.MaxBytes, 1<<10)
	return l
}

// maxKnown bounds the ids of dropped records that are kept (24 KB). The receiver
// can hold at most what was in flight of them.
const maxKnown = 1024

// Trim applies the limits now; Append does so too.
func (q *Queue) Trim() error {
	if err := q.Tx((*Tx).trim); err != nil {
		return fmt.Errorf("trimming the queue: %w", err)
	}
	return nil
}

// trim turns the oldest rows into one gap while the queue is over a limit.
func (tx *Tx) trim() error {
	absorbed, err := tx.oldestOver()
	if err != nil {
		return err
	}
	// A lone gap at the head is what an earlier trim left.
	if len(absorbed) == 0 || len(absorbed) == 1 && absorbed[0].Kind == KindGap {
		return nil
	}
	var gap Gap
	lost := uint64(0)
	for i, r := range absorbed {
		if r.Kind != KindGap {
			lost++
		}
		if i == 0 {
			gap = r.gap
		} else {
			gap.join(&r.gap)
		}
	}
	if err := tx.remember(absorbed); err != nil {
		return err
	}
	last := absorbed[len(absorbed)-1]
	if err := tx.removeThrough(last.Seq); err != nil {
		return err
	}
	tx.st.dropped += lost
	return tx.put(gapRecord(&gap, last.CreatedMs))
}

// row is a record without its body, and the gap it becomes or is.
type row struct {
	Record
	cost int64
	gap  Gap
}

// oldestOver lists the rows that must go, from the oldest, and a gap that
// follows them.
func (tx *Tx) oldestOver() ([]*row, error) {
	limits := tx.q.limits
	if tx.st.rows <= 1 {
		tx.q.age.start(nowMs())
	}
	cutoff := tx.q.age.nowMs() - limits.MaxAge.Milliseconds()
	rows, bytes := tx.st.rows, tx.st.bytes
	var absorbed []*row
	err := tx.Query("SELECT seq, id, kind, created_ms, length(body), CASE kind WHEN 255 THEN body END FROM queue_record ORDER BY seq", func(s *sqlos.Stmt) error {
		r := &row{Record: Record{Seq: uint64(s.ColumnInt64(0)), ID: id16(s.ColumnBytes(1)), Kind: uint8(s.ColumnInt64(2)), CreatedMs: s.ColumnInt64(3)}}
		r.cost = cost(int(s.ColumnInt64(4)))
		over := rows > limits.MaxRecords || bytes > limits.MaxBytes
		// A gap never ends the search: expired rows may follow it, and after
		// other rows it is joined.
		if !over && r.CreatedMs >= cutoff && r.Kind != KindGap {
			return errStop
		}
		if err := r.setGap(over, s.ColumnBytes(5)); err != nil {
			return err
		}
		switch {
		case len(absorbed) > 0:
			rows, bytes = rows-1, bytes-r.cost
		case r.Kind != KindGap: // a new gap takes the row's place
			bytes += cost(maxGapBody) - r.cost
		}
		absorbed = append(absorbed, r)
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return nil, err
	}
	return absorbed, nil
}

// maxGapBody is three varints and a reason.
const maxGapBody = 3*10 + maxReason

func (r *row) setGap(over bool, body []byte) (err error) {
	switch {
	case r.Kind == KindGap:
		r.gap, err = DecodeGap(body)
	case over:
		r.gap = Gap{From: r.Seq, To: r.Seq, Count: 1, Reason: ReasonOverflow}
	default:
		r.gap = Gap{From: r.Seq, To: r.Seq, Count: 1, Reason: ReasonExpired}
	}
	return err
}

// remember keeps the ids of rows that are about to be dropped.
func (tx *Tx) remember(rows []*row) error {
	room := int64(0)
	if err := tx.Query("SELECT count(*) FROM queue_known", func(s *sqlos.Stmt) error {
		room = maxKnown - s.ColumnInt64(0)
		return nil
	}); err != nil {
		return err
	}
	for _, r := range rows[:min(int64(len(rows)), max(room, 0))] {
		if err := tx.Exec("INSERT OR IGNORE INTO queue_known VALUES (?,?)", r.Seq, r.ID[:]); err != nil {
			return err
		}
	}
	return nil
}
