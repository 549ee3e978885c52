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

// HeadAt is what an epoch's head was at size.
func (l *Log) HeadAt(ctx context.Context, epoch uint64, origin string, size uint64) (*logproof.Head, error) {
	h := logproof.NewHead(origin)
	if size == 0 {
		return h, nil
	}
	rows, err := l.Entries(ctx, epoch, size-1, 1, 0)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || rows[0].Position != size-1 {
		return nil, fmt.Errorf("reading entry %d: %w", size-1, ErrNotFound)
	}
	h.Last = logproof.ChainHash(rows[0].Entry)
	h.Tree, err = logproof.LoadTree(size, l.Nodes(ctx, epoch))
	return h, err
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
	return l.signAt(ctx, now.Epoch, now.Origin, size)
}

// Leaves reads n log entries without their files.
func (l *Log) Leaves(ctx context.Context, epoch, from uint64, n int) ([][]byte, error) {
	rows, err := l.readers.QueryContext(ctx, "SELECT entry FROM entry WHERE id >= ? AND id < ? ORDER BY id",
		rowID(epoch, from), rowID(epoch, from+uint64(n)))
	if err != nil {
		return nil, fmt.Errorf("reading entries from %d: %w", from, err)
	}
	defer rows.Close() //nolint:errcheck // Err says it
	var list [][]byte
	for rows.Next() {
		var entry []byte
		if err := rows.Scan(&entry); err != nil {
			return nil, fmt.Errorf("reading entries from %d: %w", from, err)
		}
		list = append(list, entry)
	}
	return list, rows.Err()
}

func (l *Log) signAt(ctx context.Context, epoch uint64, origin string, size uint64) ([]byte, error) {
	root, err := l.RootAt(ctx, epoch, size)
	if err != nil {
		return nil, err
	}
	return logproof.Checkpoint{Origin: origin, Size: size, Root: root}.Sign(logproof.LogSigner(origin, l.key))
}

// Place is where a bundle is.
type Place struct {
	ID       [16]byte
	Day      int64
	Epoch    uint64
	Position uint64
}

// Places lists entries without their files, in order, after the given place
// (nil: from the start), at most limit. An entry that was logged again in a
// later epoch is listed there only.
func (l *Log) Places(ctx context.Context, after *Place, limit int) ([]Place, error) {
	from := int64(-1)
	if after != nil {
		from = rowID(after.Epoch, after.Position)
	}
	rows, err := l.readers.QueryContext(ctx, `SELECT bundle_id, day, id FROM entry WHERE id > ? AND NOT EXISTS
		(SELECT 1 FROM entry later WHERE later.bundle_id = entry.bundle_id AND later.id > entry.id) ORDER BY id LIMIT ?`, from, limit)
	if err != nil {
		return nil, fmt.Errorf("listing entries: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err says it
	var list []Place
	for rows.Next() {
		var bundle []byte
		var p Place
		var id int64
		if err := rows.Scan(&bundle, &p.Day, &id); err != nil {
			return nil, fmt.Errorf("listing entries: %w", err)
		}
		if len(bundle) != len(p.ID) {
			return nil, fmt.Errorf("%w: stored bundle id", logproof.ErrMalformed)
		}
		p.ID, p.Epoch, p.Position = [16]byte(bundle), uint64(id)>>positionBits, uint64(id)&(1<<positionBits-1)
		list = append(list, p)
	}
	return list, rows.Err()
}
