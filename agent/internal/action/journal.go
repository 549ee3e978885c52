package action

import (
	"fmt"
	"time"

	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/record"
	"github.com/osiriscare/osiris/agent/internal/sqlos"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
)

// journalKept is how many finished commands are remembered. A command older than
// that cannot come again: its session's nonce is long gone.
const journalKept = 1000

// entry is one row of the journal.
type entry struct {
	command  *trustlite.Command
	phase    string
	snapshot []byte
	result   *wire.CommandResult // as far as it got
	done     bool
	seq      uint64 // of the result's record in the queue
	recordID [16]byte
}

type journal struct{ queue *queue.Queue }

func (j journal) prepare() error {
	err := j.queue.DB().Exec(`CREATE TABLE IF NOT EXISTS command (id BLOB PRIMARY KEY, command BLOB NOT NULL,
		phase TEXT NOT NULL, snapshot BLOB, result BLOB NOT NULL, done INTEGER NOT NULL, seq INTEGER NOT NULL,
		record_id BLOB, updated_ms INTEGER NOT NULL)`)
	if err != nil {
		return fmt.Errorf("making command journal: %w", err)
	}
	return nil
}

const entryColumns = "SELECT command, phase, snapshot, result, done, seq, record_id FROM command "

func readEntry(row *sqlos.Stmt) (*entry, error) {
	e := &entry{
		command: &trustlite.Command{}, phase: row.ColumnText(1), snapshot: row.ColumnBytes(2),
		result: &wire.CommandResult{}, done: row.ColumnInt64(4) != 0, seq: uint64(row.ColumnInt64(5)),
	}
	copy(e.recordID[:], row.ColumnBytes(6))
	if err := wire.Decode(row.ColumnBytes(0), (*wire.Command)(e.command)); err != nil {
		return nil, err
	}
	return e, wire.Decode(row.ColumnBytes(3), e.result)
}

// find is the entry of a command, or nil.
func (j journal) find(id []byte) (found *entry, err error) {
	err = j.queue.DB().Query(entryColumns+"WHERE id = ?", func(row *sqlos.Stmt) (err error) {
		found, err = readEntry(row)
		return err
	}, id)
	if err != nil {
		return nil, fmt.Errorf("reading command journal: %w", err)
	}
	return found, nil
}

// recent counts the commands of the last hour whose snapshot has the text. Those
// in the future are from before the clock went back, and do not count.
func (j journal) recent(text string) (n int64, err error) {
	now := time.Now().UnixMilli()
	err = j.queue.DB().Query("SELECT count(*) FROM command WHERE instr(snapshot, ?) AND updated_ms BETWEEN ? AND ?", func(row *sqlos.Stmt) error {
		n = row.ColumnInt64(0)
		return nil
	}, text, now-time.Hour.Milliseconds(), now)
	return n, err
}

// unfinished are the commands that a restart interrupted, oldest first.
func (j journal) unfinished() (all []*entry, err error) {
	err = j.queue.DB().Query(entryColumns+"WHERE done = 0 ORDER BY updated_ms", func(row *sqlos.Stmt) error {
		e, err := readEntry(row)
		all = append(all, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading command journal: %w", err)
	}
	return all, nil
}

// write makes an entry durable.
func (j journal) write(e *entry) error {
	return j.queue.DB().Tx(func(tx *sqlos.Tx) error { return putEntry(tx, e) })
}

func putEntry(tx *sqlos.Tx, e *entry) error {
	return tx.Exec("REPLACE INTO command (id, command, phase, snapshot, result, done, seq, record_id, updated_ms) VALUES (?,?,?,?,?,?,?,?,?)",
		e.command.CommandId, wire.Encode((*wire.Command)(e.command)), e.phase, e.snapshot, wire.Encode(e.result), e.done, e.seq, e.recordID[:], time.Now().UnixMilli())
}

// finish queues the result and closes the entry, in one transaction. With
// queue.ErrFull the caller keeps the entry.
func (j journal) finish(e *entry) error {
	item := record.ResultItem(wire.Encode(e.result))
	return j.queue.Tx(func(tx *queue.Tx) error {
		tx.Keep()
		r, err := tx.Append(item.Kind, item.Body)
		if err != nil {
			return err
		}
		e.done, e.phase, e.seq, e.recordID = true, "done", r.Seq, r.ID
		if err := putEntry(tx.Tx, e); err != nil {
			return err
		}
		return tx.Exec(`DELETE FROM command WHERE done = 1 AND id NOT IN
			(SELECT id FROM command ORDER BY updated_ms DESC LIMIT ?)`, journalKept)
	})
}

// waiting tells whether the result's record is still in the queue.
func (j journal) waiting(e *entry) bool {
	id, ok := j.queue.RecordID(e.seq)
	return ok && id == e.recordID && e.seq >= j.queue.First()
}
