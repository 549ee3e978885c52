package intake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

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
		err := tx.QueryRowContext(ctx, "SELECT status, proved_ms FROM verdict WHERE host_id = ? AND source = ? AND check_id = ?",
			hostID, string(e.Source), string(verdicts[n].Check)).Scan(&before[n].status, &before[n].provedMs)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("reading verdict of %s on %s: %w", verdicts[n].Check, hostID, err)
		}
	}
	if e.Kind == drift.KindState {
		if _, err := tx.ExecContext(ctx, "DELETE FROM verdict WHERE host_id = ? AND source = ?", hostID, string(e.Source)); err != nil {
			return nil, fmt.Errorf("forgetting verdicts of %s: %w", hostID, err)
		}
	}
	for n := range verdicts {
		if err := put(ctx, tx, hostID, e, &verdicts[n], before[n]); err != nil {
			return nil, err
		}
	}
	return before, nil
}

func put(ctx context.Context, tx *store.Tx, hostID string, e *drift.Event, v *drift.Verdict, before past) error {
	received := e.ReceivedTime.UnixMilli()
	proved := before.provedMs
	if e.Key.Seq > 0 || before.status != v.Status || received-proved >= provedAgain.Milliseconds() {
		proved = received
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO verdict (host_id, source, check_id, status, severity, actual, reason, drift_type, observed_ms, received_ms, proved_ms)
		VALUES (?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT (host_id, source, check_id) DO UPDATE SET status = excluded.status, severity = excluded.severity,
		actual = excluded.actual, reason = excluded.reason, drift_type = excluded.drift_type, observed_ms = excluded.observed_ms,
		received_ms = excluded.received_ms, proved_ms = excluded.proved_ms`,
		hostID, string(e.Source), string(v.Check), int64(v.Status), v.Severity, v.Actual, v.Reason, v.DriftType,
		v.ObservedAt.UnixMilli(), received, proved)
	if err != nil {
		return fmt.Errorf("writing verdict of %s on %s: %w", v.Check, hostID, err)
	}
	return nil
}
