package bundle_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/bundle/bundletest"
	"github.com/osiriscare/osiris/shared/logproof"
)

// nextEpoch begins the log after x; last and kept are what its entry 0 says of x.
func nextEpoch(t *testing.T, x *export, last []byte, kept uint64) *export {
	t.Helper()
	x.SetEpochs(t, x.epoch+2)
	w := x.World
	next := &export{World: w, epoch: x.epoch + 1, head: logproof.NewHead(w.OriginOf(x.epoch + 1)), cosigned: map[uint64][]byte{}}
	next.add(t, bundle.Bundle{
		BundleID: bundle.IDOf("epoch/" + next.head.Origin), Kind: bundle.KindEpoch, SiteID: w.SiteID, ApplianceID: w.ApplianceID,
		Source: "appliance", Outcome: bundle.OutcomeNone, MadeTime: bundle.At(bundletest.Epoch), Summary: "A log begins.",
		Epoch: &bundle.Epoch{
			Origin: next.head.Origin, CommandKey: hex.EncodeToString(w.Command.Public()), BundleKey: hex.EncodeToString(w.Bundle.Public()),
			LogVKey: logproof.LogVKey(next.head.Origin, w.Log.Public()), LastCheckpoint: string(last), KeptSize: kept, LocalSize: kept, Reason: "restored",
		},
	})
	return next
}

func logOf(t *testing.T, r bundle.TreeReport, origin string) bundle.LogReport {
	t.Helper()
	for _, l := range r.Logs {
		if l.Origin == origin {
			return l
		}
	}
	t.Fatalf("no log %s in %+v", origin, r)
	return bundle.LogReport{}
}

func putTile(t *testing.T, root, epoch string, checkpoint []byte) {
	t.Helper()
	dir := filepath.Join(root, bundle.DirTiles, epoch)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "checkpoint", checkpoint)
}

func TestACutTailIsSeenFromTheTilesCheckpoint(t *testing.T) {
	x := practice(t, "cut tail")
	root := t.TempDir()
	x.writeAll(t, root) // proofs under size 4
	for n := uint64(4); n < 7; n++ {
		x.add(t, x.Drift(n))
	}
	putTile(t, root, "0", x.cosign(t)) // size 7, whose last three folders are lost
	r := verifyTree(t, root, x.Pin())
	want := bundle.LogReport{Origin: x.head.Origin, Entries: 4, Size: 7, CosignedSize: 7, Missing: []bundle.Range{{First: 4, Last: 6}}}
	if diff := cmp.Diff(want, logOf(t, r, x.head.Origin)); diff != "" || r.Result != bundle.Proven {
		t.Errorf("VerifyTree = %+v (-want +got):\n%s", r, diff)
	}
}

func TestACutTailIsSeenFromTheNextLog(t *testing.T) {
	x := practice(t, "cut before the next")
	root := t.TempDir()
	x.writeAll(t, root)
	for n := uint64(4); n < 7; n++ {
		x.add(t, x.Drift(n))
	}
	next := nextEpoch(t, x, x.cosign(t), 7)
	next.writeAll(t, root)
	r := verifyTree(t, root, x.Pin())
	l := logOf(t, r, x.head.Origin)
	if r.Result != bundle.Proven || l.Size != 7 || l.CosignedSize != 7 || !cmp.Equal(l.Missing, []bundle.Range{{First: 4, Last: 6}}) || len(r.Notes) != 0 {
		t.Errorf("VerifyTree = %+v; want entries 4 to 6 of 7 missing", r)
	}

	// The whole log before is lost.
	root = t.TempDir()
	next.writeAll(t, root)
	if l := logOf(t, verifyTree(t, root, x.Pin()), x.head.Origin); l.Entries != 0 || l.Size != 7 || !cmp.Equal(l.Missing, []bundle.Range{{First: 0, Last: 6}}) {
		t.Errorf("without the log before: %+v; want all 7 missing", l)
	}
}

func TestAForkSaysWhoHasTheEntries(t *testing.T) {
	w := bundletest.NewWorld(t, "who has them")
	x, theirs := newExport(t, w, 0), newExport(t, w, 0)
	for n := range uint64(2) {
		x.add(t, w.Drift(n+1))
		theirs.add(t, w.Drift(n+1))
	}
	root := t.TempDir()
	x.writeAll(t, root)
	theirs.add(t, w.Drift(9))
	next := nextEpoch(t, x, theirs.cosign(t), 3)
	next.writeAll(t, root)
	r := verifyTree(t, root, w.Pin())
	if l := logOf(t, r, x.head.Origin); r.Result != bundle.Proven || l.Size != 4 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "from entry 3 to 3 only the witness") {
		t.Errorf("VerifyTree = %+v; want a note of entry 3", r)
	}
}

func TestCheckpointsThatContradictTheFoldersAreBroken(t *testing.T) {
	w := bundletest.NewWorld(t, "contradiction")
	x, other := newExport(t, w, 0), newExport(t, w, 0)
	for n := range uint64(3) {
		x.add(t, w.Drift(n+1))
		other.add(t, w.Drift(n+11))
	}
	stranger := practice(t, "contradicting stranger")
	good := x.cosign(t)
	for name, c := range map[string]struct {
		epoch      string
		checkpoint []byte
		file       string
	}{
		"another root at a size of the folders": {"0", other.cosign(t), "tlog/0/checkpoint"},
		"signed by another's keys":              {"0", stranger.cosign(t), "tlog/0/checkpoint"},
		"in the folder of another epoch":        {"1", good, "tlog/1/checkpoint"},
		"no checkpoint":                         {"0", []byte("nothing\n"), "tlog/0/checkpoint"},
		"a size that no log has":                {"0", []byte(strings.Replace(string(good), "\n4\n", "\n4611686018427387905\n", 1)), "tlog/0/checkpoint"},
	} {
		root := t.TempDir()
		x.writeAll(t, root)
		putTile(t, root, c.epoch, c.checkpoint)
		if r := verifyTree(t, root, x.Pin()); r.Result != bundle.Broken || !treeNames(r, c.file) {
			t.Errorf("%s: %+v; want broken, naming %s", name, r, c.file)
		}
	}

	// The same through entry 0 of the next log.
	root := t.TempDir()
	x.writeAll(t, root)
	next := nextEpoch(t, x, other.cosign(t), 4)
	next.writeAll(t, root)
	if r := verifyTree(t, root, x.Pin()); r.Result != bundle.Broken {
		t.Errorf("entry 0 of the next log contradicts: %+v; want broken", r)
	}
	forged := nextEpoch(t, x, []byte(strings.Replace(string(good), "\n4\n", "\n9\n", 1)), 4)
	if r := bundle.VerifyFolder(forged.write(t, t.TempDir(), 0, forged.cosign(t)), x.Pin()); r.Result != bundle.Broken || !names(r, bundle.FileJSON) {
		t.Errorf("a forged last checkpoint: %+v; want broken, naming %s", r, bundle.FileJSON)
	}
}

func TestACheckpointOfAnUnknownLogIsNoted(t *testing.T) {
	x, other := practice(t, "noted"), bundletest.NewWorld(t, "noted")
	other.SetEpochs(t, 6)
	root := t.TempDir()
	x.writeAll(t, root)
	putTile(t, root, "5", newExport(t, other, 5).cosign(t))
	r := verifyTree(t, root, x.Pin())
	if r.Result != bundle.Proven || len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], filepath.Join("tlog", "5", "checkpoint")) {
		t.Errorf("VerifyTree = %+v; want a note of tlog/5/checkpoint", r)
	}
}
