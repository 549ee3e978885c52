package translog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/osiriscare/osiris/shared/logproof"
)

// SetCosigned stores a cosigned checkpoint of the epoch, whose signatures the
// caller has verified. One that the log does not agree with is ErrFork. A
// second one of the same size changes nothing.
func (l *Log) SetCosigned(ctx context.Context, epoch uint64, signed []byte) error {
	c, err := logproof.PeekCheckpoint(signed)
	if err != nil {
		return err
	}
	root, err := l.RootAt(ctx, epoch, c.Size)
	if err != nil {
		return fmt.Errorf("comparing with the cosigned checkpoint at %d: %w", c.Size, err)
	}
	if root != c.Root {
		return fmt.Errorf("%w: another root was cosigned at %d", logproof.ErrFork, c.Size)
	}
	_, err = l.submit(ctx, job{alone: func(ctx context.Context, w *writer) error {
		_, err := w.conn.ExecContext(ctx, "INSERT INTO cosigned (id, note) VALUES (?, ?) ON CONFLICT DO NOTHING", rowID(epoch, c.Size), signed)
		return err
	}})
	return err
}

// LastCosigned is the newest cosigned checkpoint of the epoch and its size; nil
// and 0 when there is none.
func (l *Log) LastCosigned(ctx context.Context, epoch uint64) ([]byte, uint64, error) {
	return l.cosigned(ctx, "SELECT id, note FROM cosigned WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1",
		rowID(epoch, 0), rowID(epoch+1, 0))
}

// CosignedOver is the first cosigned checkpoint that covers the position; nil
// and 0 when none does. It never changes once it is there, so a proof made with
// it is final.
func (l *Log) CosignedOver(ctx context.Context, epoch, position uint64) ([]byte, uint64, error) {
	return l.cosigned(ctx, "SELECT id, note FROM cosigned WHERE id > ? AND id < ? ORDER BY id LIMIT 1",
		rowID(epoch, position), rowID(epoch+1, 0))
}

func (l *Log) cosigned(ctx context.Context, query string, args ...any) (note []byte, size uint64, err error) {
	var id int64
	err = l.readers.QueryRowContext(ctx, query, args...).Scan(&id, &note)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("reading cosigned checkpoint: %w", err)
	}
	return note, uint64(id) & (1<<positionBits - 1), nil
}

// Mark reads a number that SetMark stored; 0 when there is none.
func (l *Log) Mark(ctx context.Context, name string) (int64, error) {
	var v int64
	err := l.readers.QueryRowContext(ctx, "SELECT value FROM mark WHERE name = ?", name).Scan(&v)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("reading mark %s: %w", name, err)
	}
	return v, nil
}

// SetMark stores a number.
func (l *Log) SetMark(ctx context.Context, name string, v int64) error {
	_, err := l.submit(ctx, job{quiet: true, alone: func(ctx context.Context, w *writer) error {
		_, err := w.conn.ExecContext(ctx,
			"INSERT INTO mark (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", name, v)
		return err
	}})
	return err
}

// Own is the newest checkpoint of an epoch with the log's signature only. Of an
// epoch that has ended it is the one at the size that the witness holds alike:
// what came after it stands no more.
func (l *Log) Own(ctx context.Context, epoch uint64) ([]byte, error) {
	var origin string
	var kept sql.NullInt64
	err := l.readers.QueryRowContext(ctx, "SELECT origin, kept FROM epoch WHERE epoch = ?", epoch).Scan(&origin, &kept)
	if err == nil && kept.Valid {
		return l.signAt(ctx, epoch, origin, uint64(kept.Int64))
	}
	var signed []byte
	if err == nil {
		err = l.readers.QueryRowContext(ctx, "SELECT note FROM checkpoint WHERE epoch = ?", epoch).Scan(&signed)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	return signed, err
}
