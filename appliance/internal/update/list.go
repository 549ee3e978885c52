package update

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/store"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// Progress is how far a program is.
type Progress struct {
	Program                       string // SHA-256, hexadecimal
	Ring                          int    // from 0
	Since                         time.Time
	Halted                        string // why; empty while it goes on
	Installed, RolledBack, Failed int    // agents
}

// List gives every program that was offered, newest first.
func List(ctx context.Context, st *store.Store) (all []Progress, err error) {
	rows, err := st.Reader().QueryContext(ctx, `SELECT sha256, ring, open_ms, halted,
		(SELECT count(*) FROM update_result r WHERE r.sha256 = u.sha256 AND state = ?),
		(SELECT count(*) FROM update_result r WHERE r.sha256 = u.sha256 AND state = ?),
		(SELECT count(*) FROM update_result r WHERE r.sha256 = u.sha256 AND state = ?)
		FROM update_ring u ORDER BY open_ms DESC`,
		int32(compliancev1.UpdateState_UPDATE_STATE_INSTALLED), int32(compliancev1.UpdateState_UPDATE_STATE_ROLLED_BACK),
		int32(compliancev1.UpdateState_UPDATE_STATE_FAILED))
	if err != nil {
		return nil, fmt.Errorf("listing updates: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p Progress
		var sum []byte
		var since int64
		if err := rows.Scan(&sum, &p.Ring, &since, &p.Halted, &p.Installed, &p.RolledBack, &p.Failed); err != nil {
			return nil, fmt.Errorf("listing updates: %w", err)
		}
		p.Program, p.Since = name(sum), time.UnixMilli(since)
		all = append(all, p)
	}
	return all, rows.Err()
}
