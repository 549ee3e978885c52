package translog_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/osiriscare/osiris/shared/logproof"
)

func TestCheckpointsOfEarlierSizesAreOfThatTree(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "evidence.db"))
	roots := []logproof.Hash{}
	for n := range uint64(20) {
		if _, err := l.Append(t.Context(), record(n)); err != nil {
			t.Fatal(err)
		}
		now, _ := l.Status()
		c, err := logproof.PeekCheckpoint(now.Checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, c.Root)
	}
	for size := uint64(1); size <= 20; size++ {
		signed, err := l.CheckpointAt(t.Context(), size)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := logproof.OpenCheckpoint(signed, verifier(t, 0)); err != nil || c.Size != size || c.Root != roots[size-1] {
			t.Errorf("CheckpointAt(%d) = %+v, %v; want root %v", size, c, err, roots[size-1])
		}
	}
	for _, size := range []uint64{0, 21} {
		if c, err := l.CheckpointAt(t.Context(), size); err == nil {
			t.Errorf("CheckpointAt(%d of 20) = %s", size, c)
		}
	}
}

func TestACosignedCheckpointMustBeOfThisLog(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "evidence.db"))
	for n := range uint64(5) {
		if _, err := l.Append(t.Context(), record(n)); err != nil {
			t.Fatal(err)
		}
	}
	forged, err := logproof.Checkpoint{Origin: origin(0), Size: 3, Root: logproof.HashOf([]byte("x"))}.Sign(logproof.LogSigner(origin(0), key(t)))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.SetCosigned(t.Context(), 0, forged); !errors.Is(err, logproof.ErrFork) {
		t.Errorf("SetCosigned(another root) = %v; want ErrFork", err)
	}
	for _, size := range []uint64{4, 2} {
		c, err := l.CheckpointAt(t.Context(), size)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.SetCosigned(t.Context(), 0, c); err != nil {
			t.Errorf("SetCosigned(%d) = %v", size, err)
		}
	}
	if _, size, err := l.LastCosigned(t.Context(), 0); size != 4 || err != nil {
		t.Errorf("LastCosigned = %d, %v; want 4", size, err)
	}
	for position, want := range map[uint64]uint64{0: 2, 1: 2, 2: 4, 3: 4, 4: 0} {
		if _, size, err := l.CosignedOver(t.Context(), 0, position); size != want || err != nil {
			t.Errorf("CosignedOver(%d) = %d, %v; want %d", position, size, err, want)
		}
	}
}
