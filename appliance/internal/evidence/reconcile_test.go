package evidence_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/bundle/bundletest"
	"github.com/osiriscare/osiris/shared/logproof"
)

// seqs collects the sequence numbers of the bundles seen.
type seqs map[uint64]bool

func (s seqs) see(b bundle.Bundle) error {
	s[b.Seq] = true
	return nil
}

func reconcile(t *testing.T, r *running, c *central, want evidence.Outcome) seqs {
	t.Helper()
	seen := seqs{}
	if got, err := r.Reconcile(t.Context(), c, seen.see); got != want || err != nil {
		t.Fatalf("Reconcile = %s, %v; want %s", got, err, want)
	}
	if got, err := r.Reconcile(t.Context(), c, seen.see); got != evidence.InStep || err != nil {
		t.Fatalf("Reconcile again = %s, %v; want %s", got, err, evidence.InStep)
	}
	return seen
}

// backup copies the folder of a stopped appliance.
func backup(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func addRange(t *testing.T, r *running, w *bundletest.World, from, to uint64) {
	t.Helper()
	for n := from; n <= to; n++ {
		r.add(t, w, n)
	}
}

// restored is an appliance that logged 1..3, was copied, logged 4..6, sent all
// to Central, and now runs from the copy.
func restored(t *testing.T) (*bundletest.World, *central, *running) {
	w := bundletest.NewWorld(t, t.Name())
	c := newCentral(t, w)
	dir := t.TempDir()
	r := start(t, w, dir, w)
	addRange(t, r, w, 1, 3)
	c.take(r)
	r.stop()
	old := backup(t, dir)
	r = start(t, w, dir, w)
	addRange(t, r, w, 4, 6)
	c.take(r)
	r.stop()
	return w, c, start(t, w, old, w)
}

func TestALogThatTheWitnessFollowsIsInStep(t *testing.T) {
	w := bundletest.NewWorld(t, t.Name())
	c := newCentral(t, w)
	r := start(t, w, t.TempDir(), w)
	reconcile(t, r, c, evidence.InStep) // nothing sent yet
	addRange(t, r, w, 1, 2)
	c.take(r)
	addRange(t, r, w, 3, 4)
	if seen := reconcile(t, r, c, evidence.InStep); len(seen) != 0 {
		t.Errorf("fetched %v; want nothing", seen)
	}
}

func TestLostEntriesAreRefilled(t *testing.T) {
	w, c, r := restored(t)
	seen := reconcile(t, r, c, evidence.Refilled)
	for n := uint64(4); n <= 6; n++ {
		if !seen[n] {
			t.Errorf("drift %d was not seen; got %v", n, seen)
		}
	}
	if ack := r.add(t, w, 6); !ack.Repeat || ack.Index != 6 {
		t.Errorf("Add(a refilled event) = %+v; want a repeat at 6", ack)
	}
	r.add(t, w, 7)
	c.take(r)
	r.verified(t, w, 8, bundle.Proven)
}

func TestAForkBecomesANewEpochAndLosesNothing(t *testing.T) {
	w, c, r := restored(t)
	addRange(t, r, w, 6, 8) // Central was away: 6 it has already, 7 and 8 it has not
	seen := reconcile(t, r, c, evidence.NewEpoch)
	if !seen[4] || !seen[5] || !seen[6] || seen[3] {
		t.Errorf("seen %v; want what the witness holds beyond the common entries: 4 to 6", seen)
	}
	origin, size, _ := r.Size()
	if origin != w.OriginOf(1) || size != 3 {
		t.Errorf("log = %s with %d; want epoch 1 with entry 0, drifts 7 and 8", origin, size)
	}
	if ack := r.add(t, w, 7); !ack.Repeat || ack.Origin != origin {
		t.Errorf("Add(an event logged again) = %+v; want a repeat in %s", ack, origin)
	}
	r.add(t, w, 9)
	c.take(r)
	report := r.verified(t, w, 8, bundle.Proven) // epoch 0: entry 0, 1 to 3; epoch 1: entry 0, 7 to 9
	if len(report.Logs) != 2 || report.Logs[0].Entries != 4 || report.Logs[1].Entries != 4 {
		t.Errorf("logs = %+v; want two with 4 entries each", report.Logs)
	}
	first := c.logs[1].entries[0]
	b, err := bundle.Decode(first.Bundle)
	if err != nil || b.Epoch == nil || b.Epoch.KeptSize != 4 || b.Epoch.LocalSize != 7 || b.Epoch.LastCheckpoint != string(c.logs[0].cosigned) {
		t.Errorf("entry 0 of epoch 1 = %+v, %v; want it to name the last witnessed checkpoint and the gap", b.Epoch, err)
	}
}

func TestACrashBetweenOpeningAndBeginningAnEpochIsMended(t *testing.T) {
	w, c, r := restored(t)
	addRange(t, r, w, 7, 8)
	c.fail = errors.New("the line went dead")
	if got, err := r.Reconcile(t.Context(), c, seqs{}.see); err == nil {
		t.Fatalf("Reconcile = %s; want the error", got)
	}
	reconcile(t, r, c, evidence.NewEpoch)
	if origin, size, _ := r.Size(); origin != w.OriginOf(1) || size != 3 || len(c.logs) != 2 {
		t.Errorf("log = %s with %d, %d epochs at the witness; want epoch 1 with 3", origin, size, len(c.logs))
	}
	c.take(r)
	r.verified(t, w, 7, bundle.Proven)
}

func TestACopyFromBeforeANewEpochAdoptsIt(t *testing.T) {
	w, c, r := restored(t)
	r.stop()
	old := backup(t, r.dir)
	r = start(t, w, r.dir, w)
	addRange(t, r, w, 7, 8)
	reconcile(t, r, c, evidence.NewEpoch)
	addRange(t, r, w, 9, 10)
	c.take(r)
	r.stop()

	again := start(t, w, old, w)
	again.add(t, w, 11)
	seen := reconcile(t, again, c, evidence.NewEpoch)
	for n := uint64(4); n <= 10; n++ {
		if !seen[n] {
			t.Errorf("drift %d was not seen; got %v", n, seen)
		}
	}
	if origin, size, _ := again.Size(); origin != w.OriginOf(1) || size != 6 {
		t.Errorf("log = %s with %d; want epoch 1: entry 0, 7 to 10, and 11 again", origin, size)
	}
	c.take(again)
	again.verified(t, w, 10, bundle.Proven)
}

func TestAWitnessThatWasSetBackIsReported(t *testing.T) {
	w, c, r := restored(t)
	addRange(t, r, w, 7, 7)
	reconcile(t, r, c, evidence.NewEpoch)
	c.logs = c.logs[:1]
	if got, err := r.Reconcile(t.Context(), c, seqs{}.see); !errors.Is(err, evidence.ErrWitnessBehind) {
		t.Errorf("Reconcile = %s, %v; want ErrWitnessBehind", got, err)
	}
	if origin, _, _ := r.Size(); origin != w.OriginOf(1) {
		t.Errorf("log = %s; want it unchanged", origin)
	}
}

func TestSpoiledEntriesAreNotRefilled(t *testing.T) {
	stranger := bundletest.NewWorld(t, "stranger")
	chain, _ := stranger.Newest()
	for name, spoil := range map[string]func(*evidence.Entry){
		"another bundle":         func(e *evidence.Entry) { e.Bundle = append([]byte(nil), append(e.Bundle[:40:40], ' ')...) },
		"another signature":      func(e *evidence.Entry) { e.Signature = e.Signature[:len(e.Signature)-1] },
		"another entry":          func(e *evidence.Entry) { e.Entry = append(e.Entry[:len(e.Entry)-3:len(e.Entry)-3], "00\n"...) },
		"a stranger's signature": func(e *evidence.Entry) { e.Signature = bundle.Sign(e.Bundle, stranger.Bundle, chain).Marshal() },
	} {
		t.Run(name, func(t *testing.T) {
			w, c, r := restored(t)
			before := string(r.Checkpoint())
			c.spoil = spoil
			if got, err := r.Reconcile(t.Context(), c, seqs{}.see); err == nil {
				t.Errorf("Reconcile = %s; want an error", got)
			}
			if string(r.Checkpoint()) != before {
				t.Errorf("the log changed: %s", r.Checkpoint())
			}
			c.spoil = nil
			if len(c.logs) == 1 { // and it can still be mended
				reconcile(t, r, c, evidence.Refilled)
				r.add(t, w, 7)
			}
		})
	}
}

func TestAForgedCosignatureIsNotTaken(t *testing.T) {
	w := bundletest.NewWorld(t, t.Name())
	r := start(t, w, t.TempDir(), w)
	r.add(t, w, 1)
	stranger := logproof.NewWitness(logproof.WitnessName(w.Root.ID()), w.Command)
	own, err := logproof.LogVerifier(logproof.LogVKey(w.OriginOf(0), w.Log.Public()))
	if err != nil {
		t.Fatal(err)
	}
	forged, err := stranger.Cosign(r.Checkpoint(), own, bundletest.Epoch)
	if err != nil {
		t.Fatal(err)
	}
	for name, note := range map[string][]byte{"by a stranger": forged, "by nobody": r.Checkpoint(), "of no checkpoint": []byte("x")} {
		if err := r.SetCosigned(t.Context(), note); err == nil {
			t.Errorf("SetCosigned(cosigned %s) = nil", name)
		}
	}
	if _, size, err := r.LastCosigned(t.Context()); size != 0 || err != nil {
		t.Errorf("LastCosigned = %d, %v; want none", size, err)
	}
}
