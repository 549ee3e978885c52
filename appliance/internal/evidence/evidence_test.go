package evidence_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/bundle/bundletest"
	"github.com/osiriscare/osiris/shared/signed"
)

// running is an Evidence whose Run runs.
type running struct {
	*evidence.Evidence
	dir, export string
	stop        func()
}

// start opens the evidence in dir and runs it until the test ends or stop.
func start(t testing.TB, w *bundletest.World, dir string, chain evidence.Chain) *running {
	t.Helper()
	cfg := evidence.Config{
		Path: filepath.Join(dir, "evidence.db"), Dir: filepath.Join(dir, "evidence"), Origin: w.OriginOf(0),
		SiteID: w.SiteID, ApplianceID: w.ApplianceID, Version: "0.2.0", CommandKey: w.Command.Public(),
	}
	e, err := evidence.New(t.Context(), cfg, w.Bundle, w.Log, chain, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	r := &running{Evidence: e, dir: dir, export: cfg.Dir}
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
		if err := e.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

// add logs the n-th drift.
func (r *running) add(t testing.TB, w *bundletest.World, n uint64) evidence.Ack {
	t.Helper()
	ack, err := r.Add(t.Context(), evidence.Draft{Bundle: w.Drift(n)})
	if err != nil {
		t.Fatalf("Add(drift %d) = %v", n, err)
	}
	return ack
}

// cosign has the witness cosign the whole log.
func (r *running) cosign(t testing.TB, w *bundletest.World, epoch uint64) {
	t.Helper()
	if err := r.SetCosigned(t.Context(), w.Cosign(t, epoch, r.Checkpoint())); err != nil {
		t.Fatalf("SetCosigned = %v", err)
	}
}

// verifyTree judges an export.
func verifyTree(t testing.TB, root string, pin *signed.KeyID) bundle.TreeReport {
	t.Helper()
	report, err := bundle.VerifyTree(t.Context(), root, pin, nil)
	if err != nil && !errors.Is(err, bundle.ErrNoEvidence) && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return report
}

// verified waits until the export has n bundles with the result wanted.
func (r *running) verified(t testing.TB, w *bundletest.World, n int, want bundle.Result) bundle.TreeReport {
	t.Helper()
	deadline, last := time.Now().Add(time.Minute), 0
	for {
		report := verifyTree(t, r.export, w.Pin())
		if report.Result == want && report.Bundles == n {
			return report
		}
		// A loaded machine is slow; only one that makes nothing more has failed.
		if report.Bundles > last {
			deadline, last = time.Now().Add(time.Minute), report.Bundles
		}
		if time.Now().After(deadline) {
			t.Fatalf("export = %+v; want %d bundles, %s", report, n, want)
		}
		time.Sleep(200 * time.Millisecond) // real files, made by a goroutine that reads the real clock
	}
}

func TestAddedBundlesAreExportedAndProvenOnceCosigned(t *testing.T) {
	w := bundletest.NewWorld(t, t.Name())
	r := start(t, w, t.TempDir(), w)
	for n := range uint64(5) {
		if ack := r.add(t, w, n+1); ack.Index != n+1 || ack.Origin != w.OriginOf(0) || ack.Repeat {
			t.Errorf("Add(drift %d) = %+v; want index %d", n+1, ack, n+1)
		}
	}
	before := r.verified(t, w, 6, bundle.Unpinned)
	if l := before.Logs[0]; l.CosignedSize != 0 || l.Uncovered != 6 {
		t.Errorf("before cosigning: %+v; want 6 uncovered", l)
	}
	r.cosign(t, w, 0)
	after := r.verified(t, w, 6, bundle.Proven)
	if l := after.Logs[0]; l.CosignedSize != 6 || l.Uncovered != 0 || len(l.Missing) != 0 || !l.Recomputed {
		t.Errorf("after cosigning: %+v; want all 6 covered and recomputed", l)
	}
	r.add(t, w, 6)
	tail := r.verified(t, w, 7, bundle.Unpinned)
	if l := tail.Logs[0]; l.CosignedSize != 6 || l.Uncovered != 1 {
		t.Errorf("with a tail: %+v; want size 6 cosigned and 1 uncovered", l)
	}
}

func TestTheSameEventAgainGetsTheSameAck(t *testing.T) {
	w := bundletest.NewWorld(t, t.Name())
	r := start(t, w, t.TempDir(), w)
	first := r.add(t, w, 1)
	again := w.Drift(1)
	again.MadeTime += 5000
	again.TrustVersion++
	ack, err := r.Add(t.Context(), evidence.Draft{Bundle: again})
	if err != nil || ack.Index != first.Index || !ack.Repeat {
		t.Errorf("Add(same event, made later) = %+v, %v; want index %d as a repeat", ack, err, first.Index)
	}
	other := w.Drift(1)
	other.Outcome = bundle.OutcomeSuccess
	if _, err := r.Add(t.Context(), evidence.Draft{Bundle: other}); !errors.Is(err, evidence.ErrDifferent) {
		t.Errorf("Add(another event, same id) = %v; want ErrDifferent", err)
	}
	if _, size, _ := r.Size(); size != 2 {
		t.Errorf("size = %d; want 2: entry 0 and one drift", size)
	}
}

func TestConcurrentProducersGetDistinctIndexes(t *testing.T) {
	w := bundletest.NewWorld(t, t.Name())
	r := start(t, w, t.TempDir(), w)
	const producers, each = 16, 40
	indexes := make(chan uint64, producers*each)
	var group sync.WaitGroup
	for p := range uint64(producers) {
		group.Go(func() {
			for n := range uint64(each) {
				ack, err := r.Add(t.Context(), evidence.Draft{Bundle: w.Drift(1 + p*each + n)})
				if err != nil {
					t.Errorf("Add = %v", err)
					return
				}
				indexes <- ack.Index
			}
		})
	}
	group.Wait()
	close(indexes)
	seen := map[uint64]bool{}
	for i := range indexes {
		if seen[i] || i == 0 || i > producers*each {
			t.Errorf("index %d given twice or out of range", i)
		}
		seen[i] = true
	}
	r.cosign(t, w, 0)
	r.verified(t, w, producers*each+1, bundle.Proven)
}

func TestMissingExportsAreMadeAgainAfterARestart(t *testing.T) {
	w := bundletest.NewWorld(t, t.Name())
	dir := t.TempDir()
	r := start(t, w, dir, w)
	for n := range uint64(3) {
		r.add(t, w, n+1)
	}
	r.cosign(t, w, 0)
	r.verified(t, w, 4, bundle.Proven)
	r.stop()
	day := filepath.Join(r.export, "2026", "11", "22")
	if err := os.RemoveAll(filepath.Join(day, w.Drift(1).BundleID)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(day, w.Drift(2).BundleID, bundle.FileSig)); err != nil {
		t.Fatal(err)
	}
	if got := verifyTree(t, r.export, w.Pin()); got.Result != bundle.Broken {
		t.Fatalf("with files removed = %s; want broken", got.Result)
	}
	start(t, w, dir, w).verified(t, w, 4, bundle.Proven)
}

func TestWithoutAnEndorsingTrustChainNothingIsLogged(t *testing.T) {
	w, stranger := bundletest.NewWorld(t, "ours"), bundletest.NewWorld(t, "theirs")
	cfg := evidence.Config{Path: filepath.Join(t.TempDir(), "evidence.db"), Origin: w.OriginOf(0), SiteID: w.SiteID, ApplianceID: w.ApplianceID}
	e, err := evidence.New(t.Context(), cfg, w.Bundle, w.Log, stranger, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := e.Run(t.Context()); !errors.Is(err, evidence.ErrNotEndorsed) {
		t.Errorf("Run = %v; want ErrNotEndorsed", err)
	}
}

// Stopped at once, Run may be anywhere in logging entry 0; none of it is an
// error, and the next start goes on.
func TestAStopDuringTheFirstStartIsNoError(t *testing.T) {
	w, dir := bundletest.NewWorld(t, t.Name()), t.TempDir()
	for range 30 {
		start(t, w, dir, w).stop()
	}
	start(t, w, dir, w).add(t, w, 1)
}
