package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/record"
	"github.com/osiriscare/osiris/agent/internal/sqlos"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/check"
)

// held is a check's current verdict and when its last record was queued.
type held struct {
	verdict  *wire.Verdict
	queuedMs int64
}

// load makes the table and reads what an earlier run of the agent queued.
func (s *Schedule) load() error {
	db := s.queue.DB()
	err := db.Exec("CREATE TABLE IF NOT EXISTS verdict (check_id TEXT PRIMARY KEY, body BLOB NOT NULL, queued_ms INTEGER NOT NULL)")
	if err != nil {
		return fmt.Errorf("making verdict table: %w", err)
	}
	err = db.Query("SELECT check_id, body, queued_ms FROM verdict", func(row *sqlos.Stmt) error {
		v := &wire.Verdict{}
		if err := wire.Decode(row.ColumnBytes(1), v); err != nil {
			return err
		}
		s.current[check.ID(row.ColumnText(0))] = held{v, row.ColumnInt64(2)}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading verdicts: %w", err)
	}
	return nil
}

// run reads, judges and queues one check.
func (s *Schedule) run(ctx context.Context, id check.ID) {
	s.mu.Lock()
	healed := s.heal[id]
	delete(s.heal, id)
	s.mu.Unlock()
	if !s.settings.Enabled(id) {
		delete(s.strikes, id)
		if err := s.forget(id); err != nil {
			s.log.Error("forgetting a disabled check", "check", string(id), "error", err)
		}
		return
	}
	facts, suspended := s.read(ctx, id)
	if ctx.Err() != nil {
		return // a reading that was cut short says nothing about the host
	}
	verdict := check.Judge(id, facts, s.settings.Parameters(id))
	if suspended {
		verdict.Actual = actualSuspended
	}
	if err := s.observe(&verdict, time.Now().UnixMilli(), healed); err != nil {
		s.log.Error("queueing a verdict", "check", string(id), "error", err)
	}
}

// observe queues the verdict if it has to be.
func (s *Schedule) observe(v *check.Verdict, nowMs int64, healed bool) error {
	s.mu.Lock()
	last, known := s.current[v.Check]
	s.mu.Unlock()
	next := record.Verdict(v, nowMs, "")
	switch {
	case !known:
		next.Cause = causeFirst
	case changed(last.verdict, next) && healed:
		next.Cause = causeHeal
	case changed(last.verdict, next):
		next.Cause = causeChange
	case nowMs-last.queuedMs >= repeatMs || nowMs < last.queuedMs: // the clock may have been set back
		next.Cause = causeHeartbeat
	default:
		s.hold(v.Check, held{next, last.queuedMs})
		return nil
	}
	if err := s.store(next, nowMs); err != nil {
		return err
	}
	s.hold(v.Check, held{next, nowMs})
	if next.Cause != causeHeartbeat {
		s.log.Info("verdict changed", "check", string(v.Check), "status", v.Status.String(),
			"severity", v.Severity, "actual", next.Actual, "cause", next.Cause)
	}
	return nil
}

// changed tells whether a verdict says something new; facts alone do not.
func changed(a, b *wire.Verdict) bool {
	return a.Status != b.Status || a.Actual != b.Actual || a.Severity != b.Severity
}

func (s *Schedule) hold(id check.ID, h held) {
	s.mu.Lock()
	s.current[id] = h
	s.mu.Unlock()
}

// store queues a verdict and remembers it, in one transaction.
func (s *Schedule) store(v *wire.Verdict, nowMs int64) error {
	body := wire.Encode(v)
	item := record.VerdictItem(body)
	return s.queue.Tx(func(tx *queue.Tx) error {
		if _, err := tx.Append(item.Kind, item.Body); err != nil {
			return err
		}
		return tx.Exec("REPLACE INTO verdict (check_id, body, queued_ms) VALUES (?,?,?)", v.CheckID, body, nowMs)
	})
}

// forget drops a check that the policy switched off, so that the digest tells
// the appliance.
func (s *Schedule) forget(id check.ID) error {
	s.mu.Lock()
	_, known := s.current[id]
	delete(s.current, id)
	s.mu.Unlock()
	if !known {
		return nil
	}
	return s.queue.DB().Exec("DELETE FROM verdict WHERE check_id = ?", string(id))
}

// verdicts are the current ones, in the order of the checks.
func (s *Schedule) verdicts() []*wire.Verdict {
	var all []*wire.Verdict
	s.mu.Lock()
	for _, id := range s.checks {
		if h, ok := s.current[id]; ok {
			all = append(all, h.verdict)
		}
	}
	s.mu.Unlock()
	return all
}

// Digest stands for the current verdicts (D5).
func (s *Schedule) Digest() [32]byte {
	var all []check.Verdict
	for _, v := range s.verdicts() {
		all = append(all, check.Verdict{Check: check.ID(v.CheckID), Status: check.Status(v.Status), Actual: v.Actual})
	}
	return check.Digest(all)
}

// reportLimit keeps a report far below the 256 KB that the appliance takes; the
// verdicts past it go without their facts.
const reportLimit = 96 << 10

// Report queues all current verdicts; before the first there is nothing to say.
func (s *Schedule) Report(cause string) error {
	state := &wire.StateReport{Cause: cause}
	size := 0
	for _, v := range s.verdicts() {
		encoded := wire.Encode(v)
		if size += len(encoded); size > reportLimit {
			bare := *v
			bare.Facts = nil
			encoded = wire.Encode(&bare)
		}
		state.Verdicts = append(state.Verdicts, encoded)
	}
	if len(state.Verdicts) == 0 {
		return nil
	}
	body := wire.Encode(state)
	item := record.StateItem(body)
	if _, err := s.queue.Append(item.Kind, item.Body); err != nil && !errors.Is(err, queue.ErrFull) {
		return fmt.Errorf("queueing state report: %w", err)
	}
	return nil
}
