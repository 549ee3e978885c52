package bundle_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/bundle/bundletest"
)

func TestAWholeExportIsProvenAndRecomputed(t *testing.T) {
	x := practice(t, "whole")
	root := t.TempDir()
	x.writeAll(t, root)
	if err := os.Mkdir(filepath.Join(root, bundle.DirPartial), 0o755); err != nil {
		t.Fatal(err)
	}
	calls := 0
	r, err := bundle.VerifyTree(t.Context(), root, x.Pin(), func(done int) { calls = done })
	if err != nil {
		t.Fatal(err)
	}
	want := bundle.TreeReport{
		Result: bundle.Proven, Dir: root, Bundles: 4, Proven: 4, Problems: []bundle.Problem{}, Open: []string{}, Notes: []string{},
		Roots: []string{x.Pin().String()},
		Logs:  []bundle.LogReport{{Origin: x.head.Origin, Entries: 4, Size: 4, CosignedSize: 4, Missing: []bundle.Range{}, Recomputed: true}},
	}
	if diff := cmp.Diff(want, r); diff != "" || calls != 4 {
		t.Errorf("VerifyTree (-want +got), %d calls of progress:\n%s", calls, diff)
	}
	if r := verifyTree(t, root, nil); r.Result != bundle.Unpinned || r.Unpinned != 4 {
		t.Errorf("without a pin: %+v; want 4 unpinned", r)
	}
}

func TestAPartOfAnExportSaysWhatIsMissing(t *testing.T) {
	x := practice(t, "part")
	for n := uint64(4); n < 10; n++ {
		x.add(t, x.Drift(n))
	}
	cosigned := x.cosign(t)
	root := t.TempDir()
	for _, i := range []int{1, 2, 6} {
		x.write(t, root, i, cosigned)
	}
	r := verifyTree(t, root, x.Pin())
	want := []bundle.Range{{First: 0, Last: 0}, {First: 3, Last: 5}, {First: 7, Last: 9}}
	if r.Result != bundle.Proven || r.Logs[0].Recomputed || !cmp.Equal(want, r.Logs[0].Missing) {
		t.Errorf("VerifyTree = %+v; want proven with %v missing", r, want)
	}
}

func TestTheUncoveredTailIsCounted(t *testing.T) {
	x := practice(t, "tail")
	root := t.TempDir()
	x.writeAll(t, root)
	for n := uint64(4); n < 6; n++ {
		x.add(t, x.Drift(n))
	}
	for i := 4; i < 6; i++ {
		x.write(t, root, i, x.checkpoint(t))
	}
	r := verifyTree(t, root, x.Pin())
	if l := r.Logs[0]; r.Result != bundle.Unpinned || l.Size != 6 || l.CosignedSize != 4 || l.Uncovered != 2 || len(r.Open) != 1 || !strings.HasPrefix(r.Open[0], "2 of 6 bundles") {
		t.Errorf("VerifyTree = %+v; want unpinned, 2 of 6 uncovered", r)
	}
}

func TestTwoHistoriesOfOneLogAreBroken(t *testing.T) {
	w := bundletest.NewWorld(t, "fork")
	first, second := newExport(t, w, 0), newExport(t, w, 0)
	for n := range uint64(3) {
		first.add(t, w.Drift(n+1))
		second.add(t, w.Drift(n+11))
	}
	root := t.TempDir()
	first.writeAll(t, root)
	second.write(t, root, 2, second.cosign(t)) // each folder verifies alone
	if r := bundle.VerifyFolder(second.folder(root, 2), w.Pin()); r.Result != bundle.Proven {
		t.Fatalf("the folder of the second history alone = %+v; want proven", r)
	}
	r := verifyTree(t, root, w.Pin())
	if r.Result != bundle.Broken || !treeNames(r, "2026/11/22/"+first.bundles[2].BundleID+"/bundle.proof") && !treeNames(r, "2026/11/22/"+second.bundles[2].BundleID+"/bundle.proof") {
		t.Errorf("VerifyTree = %+v; want broken, naming a proof at position 2", r)
	}

	// The same with the positions apart: only the chain and the roots differ.
	root = t.TempDir()
	first.write(t, root, 1, first.cosign(t))
	second.write(t, root, 2, second.cosign(t))
	if r := verifyTree(t, root, w.Pin()); r.Result != bundle.Broken {
		t.Errorf("neighbours of two histories = %+v; want broken", r)
	}
}

func TestWhatDoesNotBelongIntoAnExportIsNamed(t *testing.T) {
	x := practice(t, "stray")
	for name, c := range map[string]struct {
		do   func(root string) error
		file string
	}{
		"a file beside a bundle's own": {func(r string) error {
			return os.WriteFile(filepath.Join(x.folder(r, 1), ".DS_Store"), nil, 0o644)
		}, "2026/11/22/" + x.bundles[1].BundleID + "/.DS_Store"},
		"a bundle under another day": {func(r string) error {
			if err := os.Mkdir(filepath.Join(r, "2026/11/23"), 0o755); err != nil {
				return err
			}
			id := x.bundles[1].BundleID
			return os.Rename(filepath.Join(r, "2026/11/22", id), filepath.Join(r, "2026/11/23", id))
		}, "2026/11/23/" + x.bundles[1].BundleID},
		"a copy of a bundle under another name": {func(r string) error {
			day := filepath.Join(r, "2026/11/22")
			return os.CopyFS(filepath.Join(day, "00000000-0000-5000-8000-000000000000"), os.DirFS(filepath.Join(day, x.bundles[1].BundleID)))
		}, "2026/11/22/00000000-0000-5000-8000-000000000000"},
		"an empty bundle folder": {func(r string) error {
			return os.Mkdir(filepath.Join(r, "2026/11/22/00000000-0000-5000-8000-000000000000"), 0o755)
		}, "2026/11/22/00000000-0000-5000-8000-000000000000/bundle.json"},
	} {
		root := t.TempDir()
		x.writeAll(t, root)
		if err := c.do(root); err != nil {
			t.Fatal(err)
		}
		if r := verifyTree(t, root, x.Pin()); r.Result != bundle.Broken || !treeNames(r, c.file) {
			t.Errorf("%s = %+v; want broken, naming %s", name, r, c.file)
		}
	}
}

func TestNothingIsNoEvidence(t *testing.T) {
	letters, gone := t.TempDir(), filepath.Join(t.TempDir(), "x")
	if err := os.MkdirAll(filepath.Join(letters, "letters", "12"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dir  string
		want error
	}{
		"an empty folder":            {t.TempDir(), bundle.ErrNoEvidence},
		"a folder of something else": {letters, bundle.ErrNoEvidence},
		"no folder":                  {gone, fs.ErrNotExist},
	} {
		if r, err := bundle.VerifyTree(t.Context(), c.dir, nil, nil); !errors.Is(err, c.want) || r.Result == bundle.Proven {
			t.Errorf("%s = %+v, %v; want %v", name, r, err, c.want)
		}
	}
	// An export whose folders were all taken away is not just another folder.
	for name, inside := range map[string]string{"only a year": "2026/11/22", "only tiles": bundle.DirTiles + "/0"} {
		root := t.TempDir()
		if err := os.MkdirAll(filepath.Join(root, inside), 0o755); err != nil {
			t.Fatal(err)
		}
		if r := verifyTree(t, root, nil); r.Result != bundle.Broken || len(r.Problems) == 0 {
			t.Errorf("%s = %+v; want broken with a problem", name, r)
		}
	}
}
