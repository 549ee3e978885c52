package bundle_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/bundle/bundletest"
	"github.com/osiriscare/osiris/shared/signed"
)

func TestAPartOfAnExportIsFoundWhereverItBegins(t *testing.T) {
	x := practice(t, "parts")
	root := t.TempDir()
	x.writeAll(t, root)
	loose := t.TempDir()
	for i := range x.bundles {
		from := x.folder(root, i)
		if err := os.CopyFS(filepath.Join(loose, filepath.Base(from)), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	for name, dir := range map[string]string{
		"the root": root, "a year": root + "/2026", "a month": root + "/2026/11", "a day": root + "/2026/11/22", "a folder of folders": loose,
	} {
		if r := verifyTree(t, dir, x.Pin()); r.Result != bundle.Proven || r.Bundles != 4 || len(r.Notes) != 0 {
			t.Errorf("%s = %+v; want 4 proven", name, r)
		}
	}
	// What a folder is called still counts.
	id := x.bundles[1].BundleID
	other := "00000000-0000-5000-8000-000000000000"
	if err := os.Rename(filepath.Join(loose, id), filepath.Join(loose, other)); err != nil {
		t.Fatal(err)
	}
	if r := verifyTree(t, loose, x.Pin()); r.Result != bundle.Broken || !treeNames(r, other) {
		t.Errorf("a folder renamed = %+v; want broken, naming it", r)
	}
}

func TestNamesOfOthersBesideEvidenceAreNoted(t *testing.T) {
	x := practice(t, "others")
	root := t.TempDir()
	x.writeAll(t, root)
	want := []string{"lost+found", ".DS_Store", "2026/11/.DS_Store", "2026/11/22/Thumbs.db", "2026/11/22/x"}
	for i, name := range want {
		path := filepath.Join(root, name)
		var err error
		if i == 0 || i == len(want)-1 {
			err = os.Mkdir(path, 0o700)
		} else {
			err = os.WriteFile(path, nil, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r := verifyTree(t, root, x.Pin())
	if r.Result != bundle.Proven || r.Proven != 4 || len(r.Notes) != len(want) {
		t.Errorf("VerifyTree = %+v; want proven with %d notes", r, len(want))
	}
	for _, name := range want {
		if !strings.Contains(strings.Join(r.Notes, "\n"), filepath.FromSlash(name)+":") {
			t.Errorf("notes %q do not name %s", r.Notes, name)
		}
	}
}

func TestVerifyingEndsWithItsContext(t *testing.T) {
	x := practice(t, "stopped")
	root := t.TempDir()
	x.writeAll(t, root)
	ctx, stop := context.WithCancel(t.Context())
	r, err := bundle.VerifyTree(ctx, root, x.Pin(), func(int) { stop() })
	if !errors.Is(err, context.Canceled) || r.Bundles != 1 || r.Result == bundle.Proven {
		t.Errorf("VerifyTree = %+v, %v; want it stopped after one bundle", r, err)
	}
}

func TestImpossibleTimesAreNotedAndChangeNoResult(t *testing.T) {
	w := bundletest.NewWorld(t, "times")
	for name, c := range map[string]struct {
		made time.Time
		says []string
	}{
		"at the time of issue":                {bundletest.Epoch, nil},
		"a little after cosigning":            {bundletest.Epoch.Add(5 * time.Minute), nil},
		"an hour after cosigning":             {bundletest.Epoch.Add(time.Hour), []string{"later than the witness"}},
		"a little before the trust document":  {bundletest.Epoch.Add(-4 * time.Minute), nil},
		"a day before the trust document":     {bundletest.Epoch.AddDate(0, 0, -1), []string{"issued after made_time"}},
		"when the trust document had expired": {bundletest.Epoch.AddDate(1, 0, 0), []string{"later than the witness", "expired at made_time"}},
	} {
		x := newExport(t, w, 0)
		b := w.Drift(1)
		b.MadeTime = bundle.At(c.made)
		x.add(t, b)
		root := t.TempDir()
		x.writeAll(t, root)
		r := bundle.VerifyFolder(x.folder(root, 1), w.Pin())
		tree := verifyTree(t, root, w.Pin())
		if r.Result != bundle.Proven || tree.Result != bundle.Proven || len(r.Notes) != len(c.says) || len(tree.Notes) != len(c.says) {
			t.Errorf("%s: %s with notes %q, tree %s with %q; want proven with %q", name, r.Result, r.Notes, tree.Result, tree.Notes, c.says)
			continue
		}
		for _, say := range c.says {
			if !strings.Contains(strings.Join(r.Notes, "\n"), say) || !strings.Contains(strings.Join(tree.Notes, "\n"), "1 of 2 bundles: ") {
				t.Errorf("%s: notes %q, tree %q; want %q", name, r.Notes, tree.Notes, say)
			}
		}
	}
}

func TestABrokenProofIsNotCalledUncosigned(t *testing.T) {
	x := practice(t, "not uncosigned")
	for _, file := range []string{bundle.FileSig, bundle.FileProof} {
		dir := x.write(t, t.TempDir(), 1, x.cosign(t))
		put(t, dir, file, get(t, dir, file)[1:])
		if r := bundle.VerifyFolder(dir, x.Pin()); r.Result != bundle.Broken || len(r.Open) != 0 {
			t.Errorf("%s broken: %+v; want nothing said of witnesses", file, r)
		}
	}
}

func TestABundleUnderAWeakKeyIsBroken(t *testing.T) {
	x := practice(t, "weak")
	dir := x.write(t, t.TempDir(), 1, x.cosign(t))
	chain, _ := x.Newest()
	null := append([]byte{1}, make([]byte, 63)...)
	put(t, dir, bundle.FileSig, bundle.Sig{Key: append([]byte{1}, make([]byte, 31)...), Signature: null, Trust: chain}.Marshal())
	if r := bundle.VerifyFolder(dir, x.Pin()); r.Result != bundle.Broken || !names(r, bundle.FileSig) {
		t.Errorf("VerifyFolder = %+v; want broken, naming %s", r, bundle.FileSig)
	}
	if err := signed.Verify(signed.Bundle, append([]byte{1}, make([]byte, 31)...), x.json[1], null); !errors.Is(err, signed.ErrWeakKey) {
		t.Errorf("Verify = %v; want ErrWeakKey", err)
	}
}

func TestAProofWithItsLinesSwappedIsBroken(t *testing.T) {
	x := practice(t, "swapped lines")
	dir := x.write(t, t.TempDir(), 1, x.cosign(t))
	top, sigs, _ := strings.Cut(string(get(t, dir, bundle.FileProof)), "\n\nosiris.care")
	head, lines, _ := strings.Cut(sigs, "\n\n")
	two := strings.SplitAfter(lines, "\n")
	put(t, dir, bundle.FileProof, []byte(top+"\n\nosiris.care"+head+"\n\n"+two[1]+two[0]))
	if r := bundle.VerifyFolder(dir, x.Pin()); r.Result != bundle.Broken || !names(r, bundle.FileProof) {
		t.Errorf("VerifyFolder = %+v; want broken, naming %s", r, bundle.FileProof)
	}
}
