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
	Trying                        int    // agents that run it on trial
}

// Trouble is what a person must look at.
type Trouble struct {
	Halted  int    // programs that go no further
	Refused string // why the folder is not offered; empty while it is
}

// Troubles reads them from state.db.
func Troubles(ctx context.Context, st *store.Store) (t Trouble, err error) {
	err = st.Reader().QueryRowContext(ctx, `SELECT (SELECT count(*) FROM update_ring WHERE halted <> ''),
		coalesce((SELECT refused FROM update_trust), '')`).Scan(&t.Halted, &t.Refused)
	if err != nil {
		err = fmt.Errorf("reading updates: %w", err)
	}
	return t, err
}

// List gives every program that was offered, newest first.
func List(ctx context.Context, st *store.Store) (all []Progress, err error) {
	rows, err := st.Reader().QueryContext(ctx, `SELECT sha256, ring, open_ms, halted,
		(SELECT count(*) FROM update_result r WHERE r.sha256 = u.sha256 AND state = ?),
		(SELECT count(*) FROM update_result r WHERE r.sha256 = u.sha256 AND state = ?),
		(SELECT count(*) FROM update_result r WHERE r.sha256 = u.sha256 AND state = ?),
		(SELECT count(*) FROM update_result r WHERE r.sha256 = u.sha256 AND trying = 1)
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
		if err := rows.Scan(&sum, &p.Ring, &since, &p.Halted, &p.Installed, &p.RolledBack, &p.Failed, &p.Trying); err != nil {
			return nil, fmt.Errorf("listing updates: %w", err)
		}
		p.Program, p.Since = name(sum), time.UnixMilli(since)
		all = append(all, p)
	}
	return all, rows.Err()
}
