package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
)

// journal is a log that remembers order, and fails when told to.
type journal struct {
	mu    sync.Mutex
	ids   []string
	by    map[string]bundle.Bundle
	taken map[string]bool // ids that another event has
	next  error
}

func newJournal() *journal { return &journal{by: map[string]bundle.Bundle{}, taken: map[string]bool{}} }

func (j *journal) AddAll(_ context.Context, drafts ...evidence.Draft) ([]evidence.Ack, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.next; err != nil {
		j.next = nil
		return nil, err
	}
	var acks []evidence.Ack
	for _, d := range drafts {
		if j.taken[d.Bundle.BundleID] {
			return acks, fmt.Errorf("adding: %w", evidence.ErrDifferent)
		}
		if _, ok := j.by[d.Bundle.BundleID]; !ok {
			j.ids, j.by[d.Bundle.BundleID] = append(j.ids, d.Bundle.BundleID), d.Bundle
		}
		acks = append(acks, evidence.Ack{BundleID: d.Bundle.BundleID, Origin: "o", Index: uint64(len(j.ids))})
	}
	return acks, nil
}

func start(t *testing.T) (*store.Store, *journal, *outbox.Outbox) {
	t.Helper()
	st, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "state.db"), outbox.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	j := newJournal()
	return st, j, outbox.New(st, j, slog.New(slog.DiscardHandler))
}

func put(t *testing.T, st *store.Store, keys ...string) (ids []string) {
	t.Helper()
	for _, key := range keys {
		b := &bundle.Bundle{BundleID: bundle.IDOf(key), Kind: bundle.KindDrift, IncidentID: "i_" + key, Summary: key, MadeTime: 1000}
		ids = append(ids, b.BundleID)
		if err := st.Write(context.Background(), func(tx *store.Tx) error { return outbox.Add(context.Background(), tx, b) }); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

func TestRowsAreLoggedInOrderOnceAndGo(t *testing.T) {
	st, j, o := start(t)
	var keys []string
	for i := range 600 {
		keys = append(keys, fmt.Sprint(i))
	}
	ids := put(t, st, keys...)
	put(t, st, "0", "1") // again: they wait already
	if held, err := o.Holds(t.Context(), ids[3]); err != nil || !held {
		t.Errorf("Holds = %v, %v; want true", held, err)
	}
	for total := 0; total < 600; {
		n, err := o.Carry(t.Context())
		if err != nil || n == 0 {
			t.Fatalf("Carry = %d, %v after %d", n, err, total)
		}
		total += n
	}
	if n, err := o.Waiting(t.Context()); err != nil || n != 0 {
		t.Errorf("Waiting = %d, %v; want 0", n, err)
	}
	if len(j.ids) != 600 || j.ids[0] != ids[0] || j.ids[599] != ids[599] {
		t.Errorf("%d bundles logged; want 600 in order", len(j.ids))
	}
	if b := j.by[ids[5]]; b.Summary != "5" || b.IncidentID != "i_5" || b.Kind != bundle.KindDrift || b.MadeTime != 1000 {
		t.Errorf("bundle = %+v; want what was put in", b)
	}
}

func TestADraftsOwnFieldsWin(t *testing.T) {
	st, j, o := start(t)
	d, err := outbox.Prepare(&bundle.Bundle{BundleID: bundle.IDOf("x"), Kind: bundle.KindObservation})
	if err != nil {
		t.Fatal(err)
	}
	d.Kind, d.IncidentID, d.Level = bundle.KindDrift, "i_1", "L1"
	if err := st.Write(t.Context(), func(tx *store.Tx) error { return d.Add(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Carry(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b := j.by[d.ID]; b.Kind != bundle.KindDrift || b.IncidentID != "i_1" || b.Level != "L1" {
		t.Errorf("bundle = %+v; want the draft's fields", b)
	}
}

func TestAFailingLogLosesNothing(t *testing.T) {
	st, j, o := start(t)
	put(t, st, "a", "b")
	j.next = errors.New("disk full")
	if _, err := o.Carry(t.Context()); err == nil {
		t.Error("Carry = nil; want the log's error")
	}
	if n, err := o.Waiting(t.Context()); err != nil || n != 2 {
		t.Errorf("Waiting = %d, %v; want both", n, err)
	}
	if n, err := o.Carry(t.Context()); err != nil || n != 2 {
		t.Errorf("Carry = %d, %v; want 2", n, err)
	}
}

func TestABundleThatIsLoggedWithOtherContentDoesNotBlockTheOthers(t *testing.T) {
	st, j, o := start(t)
	ids := put(t, st, "a", "b", "c")
	j.taken[ids[1]] = true
	if n, err := o.Carry(t.Context()); err != nil || n != 3 {
		t.Fatalf("Carry = %d, %v; want 3", n, err)
	}
	if len(j.ids) != 2 || j.ids[1] != ids[2] {
		t.Errorf("logged %v; want the first and the third", j.ids)
	}
}

func TestRunIsWokenAndTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, j, o := start(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- o.Run(ctx) }()
		synctest.Wait()
		j.mu.Lock()
		j.next = errors.New("disk full")
		j.mu.Unlock()
		put(t, st, "a")
		o.Wake()
		time.Sleep(2 * time.Second)
		if n, err := o.Waiting(t.Context()); err != nil || n != 0 {
			t.Errorf("Waiting = %d, %v; want it logged at the second try", n, err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}
