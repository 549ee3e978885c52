package store

import (
	"context"
	"errors"
	"fmt"
)

// write is one function waiting for its commit.
type write struct {
	do   func(tx *Tx) error
	err  error
	done chan struct{}
}

// Write runs do inside a transaction and returns once it is durable. When do
// returns an error, nothing it did stays and Write returns that error. do must
// not keep tx, must not block on anything but tx, and must not call Write. It may
// run twice, when another write of its group failed: what it sets outside tx must
// not depend on what it had set before.
//
// Once taken, a write is carried out even if ctx ends while it waits: an
// interrupted statement would roll back the whole group.
func (s *Store) Write(ctx context.Context, do func(tx *Tx) error) error {
	w := &write{do: do, done: make(chan struct{})}
	select {
	case <-s.stop:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case s.queue <- w:
	}
	select {
	case <-w.done:
		return w.err
	case <-s.done:
	}
	select {
	case <-w.done: // both were ready
		return w.err
	default:
		return ErrClosed
	}
}

// run is the one writer.
func (s *Store) run() {
	defer close(s.done)
	group := make([]*write, 0, maxGroup)
	for {
		select {
		case w := <-s.queue:
			group = s.gather(append(group[:0], w))
		case <-s.stop:
			if group = s.gather(group[:0]); len(group) == 0 {
				return
			}
		}
		s.commit(group)
	}
}

// gather adds what is waiting already; it never waits for more, because the
// sync of the group before is what lets one gather.
func (s *Store) gather(group []*write) []*write {
	for len(group) < maxGroup {
		select {
		case w := <-s.queue:
			group = append(group, w)
		default:
			return group
		}
	}
	return group
}

func (s *Store) commit(group []*write) {
	if err := s.apply(group); err != nil {
		for _, w := range group {
			if w.err == nil {
				w.err = err
			}
		}
	}
	for _, w := range group {
		s.trouble.note(w.err)
		close(w.done)
	}
}

// apply runs a group in one transaction. Savepoints cost as much as a small
// write, so they are used only once a write of the group has failed: then all is
// rolled back and run again. An error means that none of the group holds.
func (s *Store) apply(group []*write) error {
	ctx := context.Background() // see Write: never interrupted
	err := s.transaction(ctx, func() error {
		for _, w := range group {
			if err := call(w.do, s.tx); err != nil {
				return errAgain
			}
		}
		return nil
	})
	if !errors.Is(err, errAgain) {
		return err
	}
	return s.transaction(ctx, func() error {
		for _, w := range group {
			if err := s.one(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// errAgain asks for the run with savepoints.
var errAgain = errors.New("a write of the group failed")

func (s *Store) transaction(ctx context.Context, do func() error) error {
	if _, err := s.tx.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	err := do()
	if err == nil {
		if _, err = s.tx.ExecContext(ctx, "COMMIT"); err == nil {
			return nil
		}
		err = fmt.Errorf("committing: %w", err)
	}
	_, back := s.tx.ExecContext(ctx, "ROLLBACK")
	return errors.Join(err, ignoreNoTransaction(back))
}

// one runs a write in its savepoint. It returns an error only when the
// transaction itself is lost, as after a full disk.
func (s *Store) one(ctx context.Context, w *write) error {
	if _, err := s.tx.ExecContext(ctx, "SAVEPOINT w"); err != nil {
		return fmt.Errorf("setting a savepoint: %w", err)
	}
	if w.err = call(w.do, s.tx); w.err != nil {
		if _, err := s.tx.ExecContext(ctx, "ROLLBACK TO w"); err != nil {
			return fmt.Errorf("rolling back to a savepoint: %w", errors.Join(err, w.err))
		}
	}
	if _, err := s.tx.ExecContext(ctx, "RELEASE w"); err != nil {
		return fmt.Errorf("releasing a savepoint: %w", err)
	}
	return nil
}

// call turns a panic into an error: one caller's bug must not stop the writer
// of all.
func call(do func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("writing panicked: %v", r)
		}
	}()
	return do(tx)
}

// ignoreNoTransaction drops the complaint that SQLite had rolled back already.
func ignoreNoTransaction(err error) error {
	if err != nil && isNoTransaction(err) {
		return nil
	}
	return err
}
