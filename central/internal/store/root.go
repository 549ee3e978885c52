package store

import (
	"context"
	"database/sql"
)

// Root is a site's root that another took the place of, and that is still live.
type Root struct {
	DER        []byte // certificate
	Wrapped    []byte // key, encrypted
	ReplacedMs int64
}

// FormerRoots lists them, the oldest first.
func (s *Store) FormerRoots(ctx context.Context, site SiteID) ([]Root, error) {
	return list(ctx, s.reader, func(row scanner) (r Root, err error) {
		return r, row.Scan(&r.DER, &r.Wrapped, &r.ReplacedMs)
	}, "SELECT root_der, root_wrapped, replaced_ms FROM former_root WHERE site_id = ? AND removed_ms = 0 ORDER BY replaced_ms", site)
}

// ReplaceRoot makes next the site's root in the place of old. ErrConflict means
// that old is not it any more.
func (s *Store) ReplaceRoot(ctx context.Context, site SiteID, old []byte, next Root, nowMs int64) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO former_root (site_id, root_der, root_wrapped, replaced_ms)
			SELECT site_id, root_der, root_wrapped, ? FROM site WHERE site_id = ? AND root_der = ?`, nowMs, site, old); err != nil {
			return err
		}
		done, err := tx.ExecContext(ctx, "UPDATE site SET root_der = ?, root_wrapped = ? WHERE site_id = ? AND root_der = ?",
			next.DER, next.Wrapped, site, old)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			if err == nil {
				err = ErrConflict
			}
			return err
		}
		return nil
	})
}

// RemoveRoot ends a former root; its key is forgotten.
func (s *Store) RemoveRoot(ctx context.Context, site SiteID, der []byte, nowMs int64) error {
	return s.exec(ctx, "UPDATE former_root SET removed_ms = ?, root_wrapped = x'' WHERE site_id = ? AND root_der = ? AND removed_ms = 0",
		nowMs, site, der)
}
