package queue

import (
	"errors"
	"fmt"

	"github.com/osiriscare/osiris/agent/internal/sqlos"
)

// format is the version of the tables below.
//
//	1  2026-11-22  first
const format = 1

const schema = `
CREATE TABLE queue_state (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	format INTEGER NOT NULL,
	queue_id BLOB NOT NULL,
	next INTEGER NOT NULL,
	acked INTEGER NOT NULL,
	acked_id BLOB NOT NULL,
	row_count INTEGER NOT NULL,
	byte_count INTEGER NOT NULL,
	dropped INTEGER NOT NULL,
	renewals INTEGER NOT NULL
);
CREATE TABLE queue_record (
	seq INTEGER PRIMARY KEY,
	id BLOB NOT NULL,
	kind INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	body BLOB NOT NULL
);
CREATE TABLE queue_known (
	seq INTEGER NOT NULL,
	id BLOB NOT NULL,
	PRIMARY KEY (seq, id)
);`

// errNoState means a file without queue tables.
var errNoState = errors.New("no queue in the file")

// state is the one row of queue_state. Every transaction reads it afresh, so a
// rolled back one leaves nothing behind.
type state struct {
	id       [16]byte
	next     uint64
	acked    uint64
	ackedID  [16]byte // record id at acked; zero when acked is 0
	rows     int64
	bytes    int64
	dropped  uint64
	renewals uint64
}

func createState(tx *sqlos.Tx) (state, error) {
	st := state{id: newID(), next: 1}
	if err := tx.Exec(schema); err != nil {
		return st, fmt.Errorf("making the tables: %w", err)
	}
	return st, tx.Exec("INSERT INTO queue_state VALUES (1,?,?,1,0,zeroblob(16),0,0,0,0)", format, st.id[:])
}

func loadState(tx *sqlos.Tx) (state, error) {
	var st state
	var tables, version int64
	if err := tx.Query("SELECT count(*) FROM sqlite_master WHERE name = 'queue_state'", func(s *sqlos.Stmt) error {
		tables = s.ColumnInt64(0)
		return nil
	}); err != nil {
		return st, err
	}
	if tables == 0 {
		return st, errNoState
	}
	err := tx.Query("SELECT format, queue_id, next, acked, acked_id, row_count, byte_count, dropped, renewals FROM queue_state", func(s *sqlos.Stmt) error {
		version = s.ColumnInt64(0)
		st = state{
			id: id16(s.ColumnBytes(1)), next: uint64(s.ColumnInt64(2)), acked: uint64(s.ColumnInt64(3)), ackedID: id16(s.ColumnBytes(4)),
			rows: s.ColumnInt64(5), bytes: s.ColumnInt64(6), dropped: uint64(s.ColumnInt64(7)), renewals: uint64(s.ColumnInt64(8)),
		}
		return nil
	})
	if err == nil && version != format {
		err = fmt.Errorf("queue format %d is not known; it was made by another version of the agent", version)
	}
	return st, err
}

func (st *state) save(tx *sqlos.Tx) error {
	return tx.Exec("UPDATE queue_state SET queue_id=?, next=?, acked=?, acked_id=?, row_count=?, byte_count=?, dropped=?, renewals=?",
		st.id[:], st.next, st.acked, st.ackedID[:], st.rows, st.bytes, st.dropped, st.renewals)
}
