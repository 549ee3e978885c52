package intake

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
)

// maxQueues is how many queues of one agent are remembered. An agent has one at
// a time; a new one comes with a lost or restored queue file.
const maxQueues = 64

// queue is the mark of one agent's queue inside a transaction.
type queue struct {
	agentID, queueID string
	mark             uint64
	recordID         string
	fresh            bool
}

func readQueue(ctx context.Context, tx *store.Tx, agentID, queueID string) (*queue, error) {
	q := &queue{agentID: agentID, queueID: queueID}
	err := tx.QueryRowContext(ctx, "SELECT mark, record_id FROM queue WHERE agent_id = ? AND queue_id = ?", agentID, queueID).
		Scan(&q.mark, &q.recordID)
	if errors.Is(err, sql.ErrNoRows) {
		q.fresh = true
		return q, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading queue %s: %w", queueID, err)
	}
	return q, nil
}

func (q *queue) save(ctx context.Context, tx *store.Tx, changed bool) error {
	if !changed {
		return nil
	}
	if q.mark > math.MaxInt64 {
		return fmt.Errorf("%w: sequence %d", ErrMalformed, q.mark)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO queue (agent_id, queue_id, mark, record_id, seen_ms) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (agent_id, queue_id) DO UPDATE SET mark = excluded.mark, record_id = excluded.record_id, seen_ms = excluded.seen_ms`,
		q.agentID, q.queueID, int64(q.mark), q.recordID, time.Now().UnixMilli()) //nolint:gosec // checked above
	if err == nil && q.fresh {
		_, err = tx.ExecContext(ctx, `DELETE FROM queue WHERE agent_id = ? AND queue_id IN
			(SELECT queue_id FROM queue WHERE agent_id = ? ORDER BY seen_ms DESC LIMIT -1 OFFSET ?)`, q.agentID, q.agentID, maxQueues)
	}
	if err != nil {
		return fmt.Errorf("writing queue %s: %w", q.queueID, err)
	}
	return nil
}

// Mark is how far an agent's queue has been accepted: 0 and nothing when it is
// new.
func (i *Intake) Mark(ctx context.Context, agentID string, queueID []byte) (mark uint64, recordID []byte, err error) {
	var text string
	err = i.store.Reader().QueryRowContext(ctx, "SELECT mark, record_id FROM queue WHERE agent_id = ? AND queue_id = ?",
		agentID, hex.EncodeToString(queueID)).Scan(&mark, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	if err == nil {
		recordID, err = hex.DecodeString(text)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("reading queue of %s: %w", agentID, err)
	}
	return mark, recordID, nil
}

// Seen moves a queue's mark up to a record that evidence from Central shows as
// accepted: after a restore from an older copy it must not be accepted twice
// (DESIGN D31). The store's id changes with it.
func (i *Intake) Seen(b bundle.Bundle) error {
	if b.AgentID == "" || b.Seq == 0 {
		return nil
	}
	ctx := context.Background() // a restore is finished or begun again as a whole
	err := i.store.Write(ctx, func(tx *store.Tx) error {
		q, err := readQueue(ctx, tx, b.AgentID, b.QueueID)
		if err != nil || b.Seq <= q.mark {
			return err
		}
		q.mark, q.recordID = b.Seq, b.RecordID
		if err := q.save(ctx, tx, true); err != nil {
			return err
		}
		return store.RenewID(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("raising mark of %s to %d: %w", b.AgentID, b.Seq, err)
	}
	return nil
}

// Restored renews the store's id, so that every agent sends its whole state.
func (i *Intake) Restored(ctx context.Context) error {
	return i.store.Write(ctx, func(tx *store.Tx) error { return store.RenewID(ctx, tx) })
}
