package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// troubleLasts is for how long a write that the disk refused is ill health. What is
// small may still find room on a disk that is full for the rest.
const troubleLasts = 2 * time.Minute

// trouble is the newest write that the disk refused.
type trouble struct {
	mu  sync.Mutex
	err error
	at  time.Time
}

func (t *trouble) note(err error) {
	if !ofDisk(err) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err, t.at = err, time.Now()
}

func (t *trouble) recent() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil && time.Since(t.at) < troubleLasts {
		return t.err
	}
	return nil
}

// ofDisk tells whether the disk is to blame, not who wrote.
func ofDisk(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff { // without what extends the code
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB:
		return true
	}
	return false
}

// Writable writes a little, and tells why the store cannot be written: that, or what
// the disk refused lately. It returns when ctx ends, whatever the disk does.
func (s *Store) Writable(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		done <- s.Write(ctx, func(tx *Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO meta (name, value) VALUES ('written', ?)", time.Now().UnixMilli())
			return err
		})
	}()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("writing to the state store: %w", err)
		}
	case <-ctx.Done():
		return fmt.Errorf("writing to the state store: %w", ctx.Err())
	}
	if err := s.trouble.recent(); err != nil {
		return fmt.Errorf("writing to the state store: %w", err)
	}
	return nil
}
