package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Log is one epoch of an appliance's transparency log.
type Log struct {
	Origin      string
	SiteID      SiteID
	ApplianceID ApplianceID
	Epoch       uint64
	VKey        string
	Reason      string
	Previous    []byte // cosigned checkpoint that it continues from
	CreatedMs   int64
}

// Witnessed is what was last cosigned for an origin; the zero value before.
type Witnessed struct {
	Origin     string
	Size       uint64
	Root       []byte
	Chain      []byte // chain hash of entry size-1
	Checkpoint []byte // with the cosignature
	UpdatedMs  int64
}

const logColumns = "origin, site_id, appliance_id, epoch, vkey, reason, previous, created_ms"

func scanLog(row scanner) (l Log, err error) {
	return l, row.Scan(&l.Origin, &l.SiteID, &l.ApplianceID, &l.Epoch, &l.VKey, &l.Reason, &l.Previous, &l.CreatedMs)
}

func addLog(ctx context.Context, tx *sql.Tx, l Log) error {
	if l.Previous == nil {
		l.Previous = []byte{}
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO log ("+logColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		l.Origin, l.SiteID, l.ApplianceID, l.Epoch, l.VKey, l.Reason, l.Previous, l.CreatedMs)
	return err
}

// AddLog opens the epoch of an appliance that follows its log after, whose last
// cosigned checkpoint is l.Previous. ErrConflict means that the site has that
// epoch, that the appliance has a newer log than after, or that after has grown.
func (s *Store) AddLog(ctx context.Context, l Log, after string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		var newest string
		var ended []byte
		if err := tx.QueryRowContext(ctx, `SELECT l.origin, w.checkpoint FROM log l LEFT JOIN witness w ON w.origin = l.origin
			WHERE l.site_id = ? AND l.appliance_id = ? ORDER BY l.epoch DESC LIMIT 1`, l.SiteID, l.ApplianceID).
			Scan(&newest, &ended); err != nil {
			return notFound(err)
		}
		if newest != after || !bytes.Equal(ended, l.Previous) {
			return ErrConflict
		}
		return addLog(ctx, tx, l)
	})
	if err != nil && strings.Contains(err.Error(), "UNIQUE") {
		return ErrConflict
	}
	return err
}

// Log reads a log of a site or ErrNotFound.
func (s *Store) Log(ctx context.Context, site SiteID, origin string) (Log, error) {
	l, err := scanLog(s.reader.QueryRowContext(ctx, "SELECT "+logColumns+
		" FROM log WHERE site_id = ? AND origin = ?", site, origin))
	return l, notFound(err)
}

// Logs lists a site's logs, oldest epoch first.
func (s *Store) Logs(ctx context.Context, site SiteID) ([]Log, error) {
	return list(ctx, s.reader, scanLog, "SELECT "+logColumns+" FROM log WHERE site_id = ? ORDER BY epoch", site)
}

// Witnessed reads what was cosigned for an origin.
func (s *Store) Witnessed(ctx context.Context, origin string) (Witnessed, error) {
	w := Witnessed{Origin: origin}
	err := s.reader.QueryRowContext(ctx, "SELECT size, root, chain, checkpoint, updated_ms FROM witness WHERE origin = ?", origin).
		Scan(&w.Size, &w.Root, &w.Chain, &w.Checkpoint, &w.UpdatedMs)
	if notFound(err) == ErrNotFound { //nolint:errorlint // notFound returns the sentinel itself
		return w, nil
	}
	return w, err
}

// Nodes reads tree nodes of an origin, in the order asked.
func (s *Store) Nodes(ctx context.Context, origin string, indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		var raw []byte
		if err := s.reader.QueryRowContext(ctx, "SELECT hash FROM log_node WHERE origin = ? AND node = ?", origin, index).
			Scan(&raw); err != nil {
			return nil, fmt.Errorf("reading node %d of log %s: %w", index, origin, notFound(err))
		}
		if len(raw) != tlog.HashSize {
			return nil, fmt.Errorf("reading node %d of log %s: it has %d bytes", index, origin, len(raw))
		}
		hashes[i] = tlog.Hash(raw)
	}
	return hashes, nil
}
