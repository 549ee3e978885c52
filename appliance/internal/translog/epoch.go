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

// Begin starts a new epoch with these records as its first entries, in one
// transaction. Ids of earlier epochs may come again.
func (l *Log) Begin(ctx context.Context, origin string, records []*Record) error {
	_, err := l.submit(ctx, job{alone: func(ctx context.Context, w *writer) error {
		return w.transaction(ctx, func() error {
			if err := w.next(ctx, origin); err != nil {
				return err
			}
			_, err := w.add(ctx, records, true)
			return err
		})
	}})
	return err
}

// Adopt begins a later epoch that the witness knows already, with the entries
// that fetch gives, up to the checkpoint, and then those that rest gives,
// although earlier epochs may have them. All of it happens or nothing.
func (l *Log) Adopt(ctx context.Context, target logproof.Checkpoint, fetch func(ctx context.Context, from uint64) ([]Foreign, error), rest func(context.Context) ([]*Record, error)) error {
	_, err := l.submit(ctx, job{alone: func(ctx context.Context, w *writer) error {
		return w.transaction(ctx, func() error {
			if err := w.next(ctx, target.Origin); err != nil {
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

// next begins an epoch after the current one.
func (w *writer) next(ctx context.Context, origin string) error {
	_, number, err := logproof.ParseOrigin(origin)
	if err != nil {
		return err
	}
	if number <= w.epoch {
		return fmt.Errorf("beginning epoch %d after %d: %w", number, w.epoch, logproof.ErrFork)
	}
	return w.first(ctx, origin)
}
