package intake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// past is what was held of a (host, check, source) before; zero when nothing.
type past struct {
	status   check.Status
	provedMs int64
}

// remember makes verdicts the newest and returns what was held before, one
// each. A state report is the whole truth: what it does not name is forgotten.
func remember(ctx context.Context, tx *store.Tx, hostID string, e *drift.Event, verdicts []drift.Verdict) ([]past, error) {
	before := make([]past, len(verdicts))
	for n := range verdicts {
		var err error
		if before[n], err = put(ctx, tx, hostID, e, &verdicts[n]); err != nil {
			return nil, fmt.Errorf("writing verdict of %s on %s: %w", verdicts[n].Check, hostID, err)
		}
	}
	if e.Kind == drift.KindState {
		if err := forget(ctx, tx, hostID, e, verdicts); err != nil {
			return nil, fmt.Errorf("forgetting verdicts of %s: %w", hostID, err)
		}
	}
	return before, nil
}

// put updates a row, which moves what it held aside and gives it back in the
// same statement, or makes it.
func put(ctx context.Context, tx *store.Tx, hostID string, e *drift.Event, v *drift.Verdict) (before past, err error) {
	received, observed := e.ReceivedTime.UnixMilli(), v.ObservedAt.UnixMilli()
	proved := received - provedAgain.Milliseconds() // older than that is due again
	if e.Key.Seq > 0 {
		proved = math.MaxInt64 // each record of a queue is proved
	}
	err = tx.QueryRowContext(ctx, `UPDATE verdict SET was_status = status, was_proved = proved_ms,
		proved_ms = CASE WHEN status <> ?1 OR proved_ms <= ?2 OR proved_ms > ?3 THEN ?3 ELSE proved_ms END,
		status = ?1, severity = ?4, actual = ?5, reason = ?6, drift_type = ?7, observed_ms = ?8, received_ms = ?3
		WHERE host_id = ?9 AND source = ?10 AND check_id = ?11 RETURNING was_status, was_proved`,
		int64(v.Status), proved, received, v.Severity, v.Actual, v.Reason, v.DriftType, observed,
		hostID, string(e.Source), string(v.Check)).Scan(&before.status, &before.provedMs)
	if !errors.Is(err, sql.ErrNoRows) {
		return before, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO verdict (host_id, source, check_id, status, severity, actual, reason, drift_type,
		observed_ms, received_ms, proved_ms, was_status, was_proved) VALUES (?,?,?,?,?,?,?,?,?,?,?,0,0)`,
		hostID, string(e.Source), string(v.Check), int64(v.Status), v.Severity, v.Actual, v.Reason, v.DriftType,
		observed, received, received)
	return past{}, err
}

// forget removes the verdicts that a state report does not name: those that it
// did not write.
func forget(ctx context.Context, tx *store.Tx, hostID string, e *drift.Event, verdicts []drift.Verdict) error {
	named := make([]any, 0, len(verdicts)+2)
	named = append(named, hostID, string(e.Source))
	for n := range verdicts {
		named = append(named, string(verdicts[n].Check))
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(verdicts)), ",")
	_, err := tx.ExecContext(ctx, "DELETE FROM verdict WHERE host_id = ? AND source = ? AND check_id NOT IN ("+marks+")", named...)
	return err
}
