package translog

import (
	"context"
	"fmt"

	"github.com/osiriscare/osiris/shared/logproof"
)

// Foreign is an entry of our own log that came back from outside.
type Foreign struct {
	Record
	Entry []byte
}

// Continue moves the head past the entry, or says why it is not the next.
func (f *Foreign) Continue(h *logproof.Head) error {
	_, err := h.Accept(f.Entry, f.bundleHash, f.sigHash)
	return err
}

// Refill appends the entries that fetch gives, from the log's end up to the
// checkpoint, whose signatures the caller has verified. Either all of it
// happens or nothing; ErrFork means that these entries do not continue this log
// up to that root.
func (l *Log) Refill(ctx context.Context, target logproof.Checkpoint, fetch func(ctx context.Context, from uint64) ([]Foreign, error)) error {
	_, err := l.submit(ctx, job{alone: func(ctx context.Context, w *writer) error {
		return w.transaction(ctx, func() error { return w.refill(ctx, target, fetch) })
	}})
	return err
}

func (w *writer) refill(ctx context.Context, target logproof.Checkpoint, fetch func(context.Context, uint64) ([]Foreign, error)) error {
	if target.Origin != w.head.Origin {
		return fmt.Errorf("%w: checkpoint of %s for %s", logproof.ErrFork, target.Origin, w.head.Origin)
	}
	for w.head.Size() < target.Size {
		list, err := fetch(ctx, w.head.Size())
		if err != nil {
			return fmt.Errorf("fetching entries from %d: %w", w.head.Size(), err)
		}
		if len(list) == 0 {
			return fmt.Errorf("fetching entries from %d of %d: none came", w.head.Size(), target.Size)
		}
		for _, f := range list[:min(uint64(len(list)), target.Size-w.head.Size())] {
			position := w.head.Size()
			nodes, err := w.head.Accept(f.Entry, f.bundleHash, f.sigHash)
			if err != nil {
				return err
			}
			row := []any{rowID(w.epoch, position), f.ID[:], f.Day, f.Entry, logproof.JoinNodes(nodes), f.Sig, f.Bundle}
			if err := w.insertRows(ctx, row); err != nil {
				return err
			}
		}
	}
	if w.head.Checkpoint() != target {
		return fmt.Errorf("%w: the refilled log has another root at %d", logproof.ErrFork, target.Size)
	}
	return w.seal(ctx)
}

// Begin ends the epoch, of whose entries the witness holds the first kept ones,
// and starts a new one with these records as its first entries, in one
// transaction. Ids of earlier epochs may come again.
func (l *Log) Begin(ctx context.Context, origin string, kept uint64, records []*Record) error {
	_, err := l.submit(ctx, job{alone: func(ctx context.Context, w *writer) error {
		return w.transaction(ctx, func() error {
			if err := w.next(ctx, origin, kept); err != nil {
				return err
			}
			_, err := w.add(ctx, records, true)
			return err
		})
	}})
	return err
}

// Adopt is Begin for an epoch that the witness knows already, with the entries
// that fetch gives, up to the checkpoint, and then those that rest gives,
// although earlier epochs may have them. All of it happens or nothing.
func (l *Log) Adopt(ctx context.Context, target logproof.Checkpoint, kept uint64, fetch func(ctx context.Context, from uint64) ([]Foreign, error), rest func(context.Context) ([]*Record, error)) error {
	_, err := l.submit(ctx, job{alone: func(ctx context.Context, w *writer) error {
		return w.transaction(ctx, func() error {
			if err := w.next(ctx, target.Origin, kept); err != nil {
				return err
			}
			if err := w.refill(ctx, target, fetch); err != nil {
				return err
			}
			records, err := rest(ctx)
			if err != nil {
				return err
			}
			_, err = w.add(ctx, records, true)
			return err
		})
	}})
	return err
}

// next ends the current epoch and begins another.
func (w *writer) next(ctx context.Context, origin string, kept uint64) error {
	_, number, err := logproof.ParseOrigin(origin)
	if err != nil {
		return err
	}
	if number <= w.epoch {
		return fmt.Errorf("beginning epoch %d after %d: %w", number, w.epoch, logproof.ErrFork)
	}
	if _, err := w.conn.ExecContext(ctx, "UPDATE epoch SET kept = ? WHERE epoch = ?", kept, w.epoch); err != nil {
		return fmt.Errorf("ending epoch %d: %w", w.epoch, err)
	}
	return w.first(ctx, origin)
}

// Epoch is one log of the appliance.
type Epoch struct {
	Epoch  uint64
	Origin string
	Valid  uint64 // entries that stand: all of the current epoch's, the kept ones of an earlier
	Ended  bool
}

// Epochs lists the logs, oldest first.
func (l *Log) Epochs(ctx context.Context) ([]Epoch, error) {
	rows, err := l.readers.QueryContext(ctx, "SELECT epoch, origin, coalesce(kept, 0), kept IS NOT NULL FROM epoch ORDER BY epoch")
	if err != nil {
		return nil, fmt.Errorf("listing epochs: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err says it
	now, _ := l.Status()
	var list []Epoch
	for rows.Next() {
		var e Epoch
		if err := rows.Scan(&e.Epoch, &e.Origin, &e.Valid, &e.Ended); err != nil {
			return nil, fmt.Errorf("listing epochs: %w", err)
		}
		if e.Epoch == now.Epoch {
			e.Valid = now.Size
		}
		list = append(list, e)
	}
	return list, rows.Err()
}
