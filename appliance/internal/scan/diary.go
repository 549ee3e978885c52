package scan

import (
	"context"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/store"
)

// Schema remembers over restarts when each loop began its newest round.
var Schema = store.Schema{Owner: "scan", Steps: []string{
	"CREATE TABLE scan_round (loop TEXT PRIMARY KEY, began_ms INTEGER NOT NULL) WITHOUT ROWID",
}}

// Began implements Diary.
func (p Prover) Began(ctx context.Context, loop string, at time.Time) (before time.Time, err error) {
	err = p.Store.Write(ctx, func(tx *store.Tx) error {
		var ms int64
		if err := tx.QueryRowContext(ctx, "SELECT COALESCE((SELECT began_ms FROM scan_round WHERE loop = ?), 0)", loop).Scan(&ms); err != nil {
			return err
		}
		if ms > 0 {
			before = time.UnixMilli(ms)
		}
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO scan_round (loop, began_ms) VALUES (?, ?)", loop, at.UnixMilli())
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("noting a round of %s: %w", loop, err)
	}
	return before, nil
}
