package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/store"
)

var things = store.Schema{Owner: "things", Steps: []string{
	`CREATE TABLE thing (name TEXT PRIMARY KEY, n INTEGER NOT NULL)`,
}}

func open(t *testing.T, path string, schemas ...store.Schema) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), path, schemas...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // some tests close it themselves
	return s
}

func count(t *testing.T, s *store.Store) (n int) {
	t.Helper()
	if err := s.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM thing").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func put(ctx context.Context, name string) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO thing (name, n) VALUES (?, 1)", name)
		return err
	}
}

func TestAFailingWriteLeavesTheOthersOfItsGroup(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"), things)
	boom := errors.New("boom")
	var wg sync.WaitGroup
	for i := range 600 {
		wg.Go(func() {
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				if err := put(t.Context(), fmt.Sprint(i))(tx); err != nil {
					return err
				}
				if i%3 == 0 {
					return boom
				}
				if i%3 == 1 && i%2 == 0 {
					return explode(nil)
				}
				return nil
			})
			wantErr := i%3 == 0 || i%3 == 1 && i%2 == 0
			if (err != nil) != wantErr {
				t.Errorf("Write(%d) = %v; want an error: %v", i, err, wantErr)
			}
		})
	}
	wg.Wait()
	if n := count(t, s); n != 300 {
		t.Fatalf("%d rows; want the 300 of the writes that returned nil", n)
	}
}

// explode panics, as a caller's mistake does.
func explode(m map[string]int) error {
	m["x"] = 1
	return nil
}

func TestACancelledCallerDoesNotRollBackTheGroup(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"), things)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Write(ctx, func(tx *store.Tx) error {
		cancel()
		return put(ctx, "kept")(tx)
	})
	if err != nil {
		t.Fatalf("Write = %v; want nil: the write had been taken", err)
	}
	if n := count(t, s); n != 1 {
		t.Fatalf("%d rows; want 1", n)
	}
	if err := s.Write(ctx, put(ctx, "late")); !errors.Is(err, context.Canceled) && err != nil {
		t.Fatalf("Write with a cancelled context = %v", err)
	}
}

func TestAStoreKeepsItsIDAndRowsOverReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path, things)
	before, err := s.ID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), put(t.Context(), "a")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), put(t.Context(), "b")); !errors.Is(err, store.ErrClosed) {
		t.Fatalf("Write after Close = %v; want ErrClosed", err)
	}
	grown := store.Schema{Owner: "things", Steps: append(things.Steps, `ALTER TABLE thing ADD COLUMN extra TEXT`)}
	s = open(t, path, grown)
	after, err := s.ID(t.Context())
	if err != nil || string(after) != string(before) || len(after) != 16 {
		t.Fatalf("ID after reopening = %x, %v; want %x", after, err, before)
	}
	if err := s.Write(t.Context(), func(tx *store.Tx) error { return store.RenewID(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
	if renewed, _ := s.ID(t.Context()); string(renewed) == string(before) {
		t.Fatal("RenewID left the id as it was")
	}
	if n := count(t, s); n != 1 {
		t.Fatalf("%d rows; want 1", n)
	}
}

func TestASecondProcessMayWriteTheSameFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	a, b := open(t, path, things), open(t, path, things)
	var wg sync.WaitGroup
	for i := range 50 {
		for name, s := range map[string]*store.Store{"a": a, "b": b} {
			wg.Go(func() {
				if err := s.Write(t.Context(), put(t.Context(), fmt.Sprint(name, i))); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if n := count(t, a); n != 100 {
		t.Fatalf("%d rows; want 100", n)
	}
}

func BenchmarkWrite(b *testing.B) {
	s, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "state.db"), things)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var mu sync.Mutex
	n := 0
	b.SetParallelism(64)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			mu.Lock()
			n++
			name := fmt.Sprint(n)
			mu.Unlock()
			if err := s.Write(b.Context(), put(b.Context(), name)); err != nil {
				b.Error(err)
			}
		}
	})
}
