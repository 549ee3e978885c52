package script

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/drift"
)

// Schema is the journal's table. An entry is JSON, because nothing but its key
// and its due time is asked for.
var Schema = store.Schema{Owner: "script", Steps: []string{`
CREATE TABLE script_run (
	id TEXT PRIMARY KEY, done INTEGER NOT NULL, due_ms INTEGER NOT NULL, entry TEXT NOT NULL, updated_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX script_run_due ON script_run (done, due_ms)`}}

// Phases, as the journal and evidence spell them.
const (
	phaseDetect    = "detect"
	phaseSnapshot  = "snapshot"
	phaseRemediate = "remediate"
	phaseVerify    = "verify"
	phaseRollback  = "rollback"
)

// entry is what the journal knows of one run.
type entry struct {
	CommandID  string
	TargetID   string
	Host       string // and Port, where it was begun
	Port       int
	RunbookID  string
	Hash       string // of the runbook, hexadecimal
	Parameters map[string]string
	DryRun     bool
	Phase      string
	Snapshot   json.RawMessage `json:",omitempty"`
	// Reboot says that what was done takes effect after one.
	Reboot bool
	// Pending is why verify waits, DueMs when it is tried next, GiveUpMs when not
	// any more.
	Pending  string
	DueMs    int64
	GiveUpMs int64

	StartedMs int64
	// NotAfterMs is until when it may begin anew; 0 in entries of before 2026-11-22.
	NotAfterMs int64
	EndedMs    int64
	Result     drift.Result
	Done       bool
}

// late says that a run that changed nothing so far must not begin anew.
func (e *entry) late(nowMs int64) bool {
	end := e.NotAfterMs
	if end == 0 {
		end = e.StartedMs + usualWindow.Milliseconds()
	}
	return (e.Phase == phaseDetect || e.Phase == phaseSnapshot) && nowMs >= end
}

func (e *entry) finish(o drift.Outcome, message string) {
	e.Result.Outcome, e.Result.Message = o, clip(message)
}

// clip keeps a message within what an event may carry.
func clip(s string) string {
	if len(s) <= drift.MaxText/2 {
		return s
	}
	return s[:drift.MaxText/2] + " ..."
}

func (x *Executor) save(ctx context.Context, e *entry) error {
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encoding the journal of %s: %w", e.CommandID, err)
	}
	// What happened must not be forgotten because somebody stopped waiting.
	err = x.Store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO script_run (id, done, due_ms, entry, updated_ms) VALUES (?1, ?2, ?3, ?4, ?5)
			ON CONFLICT (id) DO UPDATE SET done = ?2, due_ms = ?3, entry = ?4, updated_ms = ?5`,
			e.CommandID, e.Done, e.DueMs, string(text), time.Now().UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("writing the journal of %s: %w", e.CommandID, err)
	}
	return nil
}

// find is the entry of a command, or nil.
func (x *Executor) find(ctx context.Context, id string) (*entry, error) {
	var text string
	err := x.Store.Reader().QueryRowContext(ctx, "SELECT entry FROM script_run WHERE id = ?", id).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the journal of %s: %w", id, err)
	}
	return decode(text)
}

func decode(text string) (*entry, error) {
	e := &entry{}
	if err := json.Unmarshal([]byte(text), e); err != nil {
		return nil, fmt.Errorf("decoding a journal entry: %w", err)
	}
	return e, nil
}

// due are the entries that are not done and do not wait any longer, oldest first.
func (x *Executor) due(ctx context.Context, nowMs int64) (out []*entry, err error) {
	rows, err := x.Store.Reader().QueryContext(ctx,
		"SELECT entry FROM script_run WHERE done = 0 AND due_ms <= ? ORDER BY due_ms, updated_ms LIMIT 100", nowMs)
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("reading the journal: %w", err)
		}
		e, err := decode(text)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}
