package translog_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/osiriscare/osiris/appliance/internal/translog"
	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"
)

func key(t testing.TB) *signed.Key {
	t.Helper()
	s := sha256.Sum256([]byte("log"))
	return mustKey(s[:])
}

func mustKey(seed []byte) *signed.Key {
	k, err := signed.NewKey(seed)
	if err != nil {
		panic(err)
	}
	return k
}

func origin(epoch uint64) string { return logproof.Origin("s_practice", epoch) }

func verifier(t testing.TB, epoch uint64) note.Verifier {
	t.Helper()
	return verifierOf(t, epoch, key(t))
}

func verifierOf(t testing.TB, epoch uint64, k *signed.Key) note.Verifier {
	t.Helper()
	v, err := logproof.LogVerifier(logproof.LogVKey(origin(epoch), k.Public()))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// record is the n-th record; its id holds n.
func record(n uint64) *translog.Record {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:], n+1)
	r := translog.NewRecord(id, 20000, []byte(strings.Repeat(fmt.Sprintf("bundle %d ", n), 100)), []byte(fmt.Sprintf("sig %d", n)))
	return &r
}

// open opens the log in dir and runs it until the test ends or stop.
func open(t testing.TB, path string) (l *translog.Log, stop func()) {
	t.Helper()
	l, err := translog.Open(t.Context(), path, origin(0), key(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-done, l.Close()); err != nil {
			t.Errorf("closing = %v", err)
		}
	})
	t.Cleanup(stop)
	return l, stop
}

// audit recomputes the whole current epoch from its rows and compares it with
// the signed checkpoint.
func audit(t testing.TB, l *translog.Log) {
	t.Helper()
	auditWith(t, l, key(t))
}

func auditWith(t testing.TB, l *translog.Log, k *signed.Key) {
	t.Helper()
	now, _ := l.Status()
	head := logproof.NewHead(now.Origin)
	for head.Size() < now.Size {
		rows, err := l.Entries(context.Background(), now.Epoch, head.Size(), 100, 1<<20)
		if err != nil || len(rows) == 0 {
			t.Fatalf("Entries(%d) = %d rows, %v", head.Size(), len(rows), err)
		}
		for _, r := range rows {
			if _, err := head.Accept(r.Entry, logproof.HashOf(r.Bundle), logproof.HashOf(r.Sig)); err != nil {
				t.Fatalf("entry %d: %v", r.Position, err)
			}
		}
	}
	if now.Size == 0 {
		return
	}
	opened, err := logproof.OpenCheckpoint(now.Checkpoint, verifierOf(t, now.Epoch, k))
	if err != nil || opened.Checkpoint != head.Checkpoint() {
		t.Fatalf("checkpoint = %+v, %v; the entries give %+v", opened.Checkpoint, err, head.Checkpoint())
	}
	if head.Last != now.Last {
		t.Fatalf("chain ends at %v; the entries give %v", now.Last, head.Last)
	}
}

func TestALogContinuesAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evidence.db")
	for n := range uint64(70) {
		l, stop := open(t, path)
		acks, err := l.Append(t.Context(), record(n))
		if err != nil || acks[0].Index != n || acks[0].Repeat {
			t.Fatalf("Append(%d) = %+v, %v", n, acks, err)
		}
		if n%23 == 0 {
			audit(t, l)
		}
		stop()
	}
	l, _ := open(t, path)
	audit(t, l)
}

func TestARepeatIsAcknowledgedWhereItIs(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "evidence.db"))
	if _, err := l.Append(t.Context(), record(0), record(1), record(2)); err != nil {
		t.Fatal(err)
	}
	other := record(1)
	changed := translog.NewRecord(other.ID, other.Day, []byte("other bytes"), other.Sig)
	acks, err := l.Append(t.Context(), record(2), record(3), &changed, record(3), record(0))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		index  uint64
		repeat bool
	}{{2, true}, {3, false}, {1, true}, {3, true}, {0, true}} {
		if acks[i].Index != want.index || acks[i].Repeat != want.repeat {
			t.Errorf("ack %d = %+v; want %+v", i, acks[i], want)
		}
	}
	if acks[2].Bundle != other.BundleHash() {
		t.Errorf("ack of other bytes says %v; the log holds %v", acks[2].Bundle, other.BundleHash())
	}
	if now, _ := l.Status(); now.Size != 4 {
		t.Errorf("size = %d; want 4", now.Size)
	}
	audit(t, l)
}

func TestManyProducersShareCommits(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "evidence.db"))
	var group sync.WaitGroup
	for p := range uint64(64) {
		group.Go(func() {
			for n := range uint64(20) {
				if _, err := l.Append(t.Context(), record(p*20+n)); err != nil {
					t.Errorf("Append = %v", err)
				}
			}
		})
	}
	group.Wait()
	if now, _ := l.Status(); now.Size != 64*20 {
		t.Errorf("size = %d; want %d", now.Size, 64*20)
	}
	audit(t, l)
}

func TestStoredEvidenceCannotBeChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evidence.db")
	l, _ := open(t, path)
	if _, err := l.Append(t.Context(), record(0)); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, statement := range []string{"UPDATE entry SET bundle = x'00'", "DELETE FROM entry"} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "insert-only") {
			t.Errorf("%s = %v; want a refusal", statement, err)
		}
	}
}

func TestASecondWriterDoesNotForkTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evidence.db")
	first, _ := open(t, path)
	second, _ := open(t, path)
	if _, err := first.Append(t.Context(), record(0)); err != nil {
		t.Fatal(err)
	}
	if acks, err := second.Append(t.Context(), record(1)); err == nil {
		t.Errorf("the second writer's Append = %+v; want an error: position 0 is taken", acks)
	}
	if _, err := first.Append(t.Context(), record(2)); err != nil {
		t.Errorf("the first writer's Append = %v", err)
	}
	audit(t, first)
}

func TestAFilePutTogetherFromTwoIsNotOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evidence.db")
	l, stop := open(t, path)
	if _, err := l.Append(t.Context(), record(0)); err != nil {
		t.Fatal(err)
	}
	before, err := l.Own(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), record(1)); err != nil {
		t.Fatal(err)
	}
	stop()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "UPDATE checkpoint SET note = ?", before); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err := translog.Open(t.Context(), path, origin(0), key(t)); !errors.Is(err, logproof.ErrFork) {
		t.Errorf("Open = %v, %v; want ErrFork", l, err)
	}
}

func TestWorkAfterRunHasEndedIsRefused(t *testing.T) {
	l, err := translog.Open(t.Context(), filepath.Join(t.TempDir(), "evidence.db"), origin(0), key(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), record(0)); !errors.Is(err, translog.ErrClosed) {
		t.Errorf("Append = %v; want ErrClosed", err)
	}
}
