package translog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/osiriscare/osiris/shared/logproof"
	"golang.org/x/mod/sumdb/tlog"
)

// queryer is a connection or a pool.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// nodeReader reads the tree of an epoch.
func nodeReader(ctx context.Context, db queryer, epoch uint64) tlog.HashReader {
	return logproof.NodeReader(func(position uint64) ([]byte, error) {
		var nodes []byte
		err := db.QueryRowContext(ctx, "SELECT nodes FROM entry WHERE id = ?", rowID(epoch, position)).Scan(&nodes)
		return nodes, err
	})
}

// Nodes reads the tree of an epoch, for proofs.
func (l *Log) Nodes(ctx context.Context, epoch uint64) tlog.HashReader {
	return nodeReader(ctx, l.readers, epoch)
}

// Entries reads from position from on: at most limit rows and, after the first,
// at most maxBytes of files. An empty answer means from is the end.
func (l *Log) Entries(ctx context.Context, epoch, from uint64, limit, maxBytes int) ([]Row, error) {
	rows, err := l.readers.QueryContext(ctx,
		"SELECT id, bundle_id, day, entry, sig, bundle FROM entry WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
		rowID(epoch, from), rowID(epoch+1, 0), limit)
	if err != nil {
		return nil, fmt.Errorf("reading entries from %d: %w", from, err)
	}
	defer rows.Close() //nolint:errcheck // Err says it
	var list []Row
	total := 0
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return nil, fmt.Errorf("reading entries from %d: %w", from, err)
		}
		total += len(r.Entry) + len(r.Sig) + len(r.Bundle)
		if len(list) > 0 && total > maxBytes {
			return list, nil
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

func scanRow(from interface{ Scan(...any) error }) (Row, error) {
	var r Row
	var id int64
	var bundleID []byte
	if err := from.Scan(&id, &bundleID, &r.Day, &r.Entry, &r.Sig, &r.Bundle); err != nil {
		return r, err
	}
	if len(bundleID) != len(r.ID) {
		return r, fmt.Errorf("%w: stored bundle id", logproof.ErrMalformed)
	}
	r.ID = [16]byte(bundleID)
	r.Epoch, r.Position = uint64(id)>>positionBits, uint64(id)&(1<<positionBits-1)
	return r, nil
}

// Find reads the newest entry of a bundle, or ErrNotFound.
func (l *Log) Find(ctx context.Context, id [16]byte) (Row, error) {
	r, err := scanRow(l.readers.QueryRowContext(ctx,
		"SELECT id, bundle_id, day, entry, sig, bundle FROM entry WHERE bundle_id = ? ORDER BY id DESC LIMIT 1", id[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNotFound
	}
	return r, err
}

// RootAt is the root of the first size entries of an epoch.
func (l *Log) RootAt(ctx context.Context, epoch, size uint64) (logproof.Hash, error) {
	return logproof.RootAt(size, l.Nodes(ctx, epoch))
}

// CheckpointAt signs what the current epoch was at size. The log is
// append-only, so that is as true as the newest checkpoint.
func (l *Log) CheckpointAt(ctx context.Context, size uint64) ([]byte, error) {
	now, _ := l.Status()
	if size == now.Size && size > 0 {
		return now.Checkpoint, nil
	}
	if size == 0 || size > now.Size {
		return nil, fmt.Errorf("signing a checkpoint at %d of %d: %w", size, now.Size, ErrNotFound)
	}
	root, err := l.RootAt(ctx, now.Epoch, size)
	if err != nil {
		return nil, err
	}
	return logproof.Checkpoint{Origin: now.Origin, Size: size, Root: root}.Sign(logproof.LogSigner(now.Origin, l.key))
}

// Each calls f for every entry's place, in no order, without reading files. An
// entry that was logged again in a later epoch is given with that one only.
func (l *Log) Each(ctx context.Context, f func(id [16]byte, day int64, epoch, position uint64) error) error {
	rows, err := l.readers.QueryContext(ctx, "SELECT bundle_id, day, max(id) FROM entry GROUP BY bundle_id, day")
	if err != nil {
		return fmt.Errorf("listing entries: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err says it
	for rows.Next() {
		var bundle sql.RawBytes
		var day, id int64
		if err := rows.Scan(&bundle, &day, &id); err != nil {
			return fmt.Errorf("listing entries: %w", err)
		}
		if len(bundle) != 16 {
			return fmt.Errorf("%w: stored bundle id", logproof.ErrMalformed)
		}
		if err := f([16]byte(bundle), day, uint64(id)>>positionBits, uint64(id)&(1<<positionBits-1)); err != nil {
			return err
		}
	}
	return rows.Err()
}
