package bundle_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/bundle/bundletest"
	"github.com/osiriscare/osiris/shared/signed"
)

func names(r bundle.Report, file string) bool {
	for _, p := range r.Problems {
		if p.File == file {
			return true
		}
	}
	return false
}

func TestAGoodFolderIsProvenOnlyUnderThePinnedRoot(t *testing.T) {
	x := practice(t, "pinned")
	dir := x.write(t, t.TempDir(), 2, x.cosign(t))
	r := bundle.VerifyFolder(dir, x.Pin())
	if r.Result != bundle.Proven || r.Result.ExitCode() != 0 || r.Index != 2 || r.CosignedSize != 4 || len(r.Witnesses) != 1 || r.Root != x.Pin().String() {
		t.Errorf("with the pin: %+v; want proven, index 2 under 4 cosigned", r)
	}
	if r := bundle.VerifyFolder(dir, nil); r.Result != bundle.Unpinned || r.Result.ExitCode() != 3 || len(r.Open) != 1 {
		t.Errorf("without a pin: %+v; want unpinned for that one reason", r)
	}
	other := signed.IDOf(x.Online.Public())
	if r := bundle.VerifyFolder(dir, &other); r.Result != bundle.Broken || r.Result.ExitCode() != 1 || !names(r, bundle.FileSig) {
		t.Errorf("with another pin: %+v; want broken, naming %s", r, bundle.FileSig)
	}
}

func TestAnUncosignedFolderIsUnpinnedAndSaysWhy(t *testing.T) {
	x := practice(t, "uncosigned")
	r := bundle.VerifyFolder(x.write(t, t.TempDir(), 1, x.checkpoint(t)), x.Pin())
	if r.Result != bundle.Unpinned || len(r.Open) != 1 || !strings.Contains(r.Open[0], "witness") {
		t.Errorf("VerifyFolder = %+v; want unpinned because of the witness", r)
	}
}

func TestOneFlippedByteAnywhereIsBrokenAndNamed(t *testing.T) {
	x := practice(t, "flipped")
	dir := x.write(t, t.TempDir(), 2, x.cosign(t))
	for _, file := range []string{bundle.FileJSON, bundle.FileSig, bundle.FileProof} {
		good := get(t, dir, file)
		for i := range good {
			masks := []byte{1 << (i % 8)}
			if file != bundle.FileJSON {
				masks = append(masks, 1) // the bit that lax base64 would forgive
			}
			for _, m := range masks {
				bad := append([]byte(nil), good...)
				bad[i] ^= m
				put(t, dir, file, bad)
				r := bundle.VerifyFolder(dir, x.Pin())
				if r.Result != bundle.Broken || !names(r, file) {
					t.Fatalf("%s with byte %d (%q) ^ %#x = %s, %+v; want broken, naming it", file, i, good[i], m, r.Result, r.Problems)
				}
				for _, other := range []string{bundle.FileJSON, bundle.FileSig, bundle.FileProof} {
					if other != file && names(r, other) {
						t.Fatalf("%s with byte %d changed blames %s: %+v", file, i, other, r.Problems)
					}
				}
			}
		}
		put(t, dir, file, good)
	}
	if r := bundle.VerifyFolder(dir, x.Pin()); r.Result != bundle.Proven {
		t.Errorf("with all bytes restored = %+v; want proven", r)
	}
}

func TestOneByteMoreOrLessIsBrokenAndNamed(t *testing.T) {
	x := practice(t, "longer")
	dir := x.write(t, t.TempDir(), 1, x.cosign(t))
	for _, file := range []string{bundle.FileJSON, bundle.FileSig, bundle.FileProof} {
		good := get(t, dir, file)
		for _, bad := range [][]byte{append(append([]byte(nil), good...), '\n'), good[:len(good)-1], nil, []byte(strings.ReplaceAll(string(good), "\n", "\r\n")), make([]byte, bundle.MaxSize+1)} {
			put(t, dir, file, bad)
			if r := bundle.VerifyFolder(dir, x.Pin()); r.Result != bundle.Broken || !names(r, file) {
				t.Errorf("%s of %d bytes instead of %d = %+v; want broken, naming it", file, len(bad), len(good), r)
			}
		}
		put(t, dir, file, good)
	}
}

func TestAFolderSignedAgainWithFreshKeys(t *testing.T) {
	x := practice(t, "the real one")
	forger := &export{World: bundletest.NewWorld(t, "forger")}
	forger = newExport(t, forger.World, 0)
	for _, b := range x.bundles[1:] {
		forger.add(t, b)
	}
	dir := forger.write(t, t.TempDir(), 2, forger.cosign(t))
	if r := bundle.VerifyFolder(dir, nil); r.Result != bundle.Unpinned {
		t.Errorf("without a pin: %+v; want unpinned: it is consistent", r)
	}
	if r := bundle.VerifyFolder(dir, x.Pin()); r.Result != bundle.Broken || !names(r, bundle.FileSig) {
		t.Errorf("with the real pin: %+v; want broken, naming %s", r, bundle.FileSig)
	}

	// Only the signature made again, under the real trust chain.
	dir = x.write(t, t.TempDir(), 2, x.cosign(t))
	chain, _ := x.Newest()
	put(t, dir, bundle.FileSig, bundle.Sign(x.json[2], forger.Bundle, chain).Marshal())
	for _, pin := range []*signed.KeyID{nil, x.Pin()} {
		if r := bundle.VerifyFolder(dir, pin); r.Result != bundle.Broken || !names(r, bundle.FileSig) {
			t.Errorf("signature replaced, pin %v: %+v; want broken, naming %s", pin, r, bundle.FileSig)
		}
	}
}

func TestForgedFoldersAreBroken(t *testing.T) {
	w := bundletest.NewWorld(t, "victim")
	chain, _ := w.Newest()
	stranger := bundletest.NewWorld(t, "stranger")
	encode := func(b bundle.Bundle) []byte {
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	drift := w.Drift(1)
	elsewhere, replaced, second := drift, drift, drift
	elsewhere.SiteID, replaced.ApplianceID = "s_other", "ap_other"
	second.Kind = bundle.KindEpoch
	for name, c := range map[string]struct {
		b    bundle.Bundle
		sig  func(data []byte) bundle.Sig
		file string
	}{
		"a signature from another context": {drift, func(data []byte) bundle.Sig {
			return bundle.Sig{Key: w.Bundle.Public(), Signature: w.Bundle.Sign(signed.Command, data), Trust: chain}
		}, bundle.FileSig},
		"a signature by the appliance's command key": {drift, func(data []byte) bundle.Sig {
			return bundle.Sign(data, w.Command, chain)
		}, bundle.FileSig},
		"a signature by an unknown key": {drift, func(data []byte) bundle.Sig {
			return bundle.Sign(data, stranger.Bundle, chain)
		}, bundle.FileSig},
		"a trust chain that is no chain": {drift, func(data []byte) bundle.Sig {
			return bundle.Sign(data, w.Bundle, []byte{0xff, 0xff})
		}, bundle.FileSig},
		"no trust chain": {drift, func(data []byte) bundle.Sig {
			return bundle.Sign(data, w.Bundle, nil)
		}, bundle.FileSig},
		"a bundle of another site":      {elsewhere, func(data []byte) bundle.Sig { return bundle.Sign(data, w.Bundle, chain) }, bundle.FileJSON},
		"a bundle of another appliance": {replaced, func(data []byte) bundle.Sig { return bundle.Sign(data, w.Bundle, chain) }, bundle.FileJSON},
		"an epoch bundle that is not entry 0": {second, func(data []byte) bundle.Sig {
			return bundle.Sign(data, w.Bundle, chain)
		}, bundle.FileJSON},
	} {
		x := newExport(t, w, 0)
		data := encode(c.b)
		x.addFiles(c.b, data, c.sig(data).Marshal())
		if r := bundle.VerifyFolder(x.write(t, t.TempDir(), 1, x.cosign(t)), w.Pin()); r.Result != bundle.Broken || !names(r, c.file) {
			t.Errorf("%s = %+v; want broken, naming %s", name, r, c.file)
		}
	}
}

func TestALogThatIsNotRegisteredIsBroken(t *testing.T) {
	w := bundletest.NewWorld(t, "epochs")
	x := newExport(t, w, 4) // the trust document knows epoch 0 only
	dir := x.write(t, t.TempDir(), 0, x.checkpoint(t))
	if r := bundle.VerifyFolder(dir, w.Pin()); r.Result != bundle.Broken || !names(r, bundle.FileProof) {
		t.Errorf("VerifyFolder = %+v; want broken, naming %s", r, bundle.FileProof)
	}
}

func TestForeignMissingAndOddFilesAreNamed(t *testing.T) {
	x := practice(t, "odd")
	for name, c := range map[string]struct {
		do     func(dir string) error
		file   string
		result bundle.Result
	}{
		"an extra file":               {func(d string) error { return os.WriteFile(filepath.Join(d, "note.txt"), nil, 0o644) }, "note.txt", bundle.Broken},
		"an extra folder":             {func(d string) error { return os.Mkdir(filepath.Join(d, "more"), 0o755) }, "more", bundle.Broken},
		"a time stamp beside it":      {func(d string) error { return os.WriteFile(filepath.Join(d, bundle.FileOTS), nil, 0o644) }, "", bundle.Proven},
		"a folder named like a stamp": {func(d string) error { return os.Mkdir(filepath.Join(d, bundle.FileOTS), 0o755) }, bundle.FileOTS, bundle.Broken},
		"no bundle.json":              {func(d string) error { return os.Remove(filepath.Join(d, bundle.FileJSON)) }, bundle.FileJSON, bundle.Broken},
		"no bundle.sig":               {func(d string) error { return os.Remove(filepath.Join(d, bundle.FileSig)) }, bundle.FileSig, bundle.Broken},
		"no bundle.proof":             {func(d string) error { return os.Remove(filepath.Join(d, bundle.FileProof)) }, bundle.FileProof, bundle.Broken},
		"a link instead of a file": {func(d string) error {
			path := filepath.Join(d, bundle.FileJSON)
			if err := os.Rename(path, filepath.Join(filepath.Dir(d), "elsewhere")); err != nil {
				return err
			}
			return os.Symlink("../elsewhere", path)
		}, bundle.FileJSON, bundle.Broken},
	} {
		dir := x.write(t, t.TempDir(), 1, x.cosign(t))
		if err := c.do(dir); err != nil {
			t.Fatal(err)
		}
		if r := bundle.VerifyFolder(dir, x.Pin()); r.Result != c.result || c.file != "" && !names(r, c.file) {
			t.Errorf("%s = %+v; want %s, naming %q", name, r, c.result, c.file)
		}
	}
	if r := bundle.VerifyFolder(filepath.Join(t.TempDir(), "nothing"), x.Pin()); r.Result != bundle.Broken {
		t.Errorf("no folder = %+v; want broken", r)
	}
}

func TestSwappedFilesBetweenFoldersAreBroken(t *testing.T) {
	x := practice(t, "swapped")
	for _, file := range []string{bundle.FileJSON, bundle.FileSig, bundle.FileProof} {
		root := t.TempDir()
		x.writeAll(t, root)
		a, b := x.folder(root, 1), x.folder(root, 2)
		first, second := get(t, a, file), get(t, b, file)
		put(t, a, file, second)
		put(t, b, file, first)
		for _, dir := range []string{a, b} {
			if r := bundle.VerifyFolder(dir, x.Pin()); r.Result != bundle.Broken || !names(r, file) || len(r.Problems) != 1 {
				t.Errorf("%s swapped = %+v; want broken, naming only it", file, r)
			}
		}
		r := verifyTree(t, root, x.Pin())
		if r.Result != bundle.Broken || r.Broken != 2 || r.Proven != 2 {
			t.Errorf("tree with %s swapped = %+v; want 2 broken, 2 proven", file, r)
		}
		if want := fmt.Sprintf("2026/11/22/%s/%s", x.bundles[1].BundleID, file); !treeNames(r, want) {
			t.Errorf("tree with %s swapped names %+v; want %s", file, r.Problems, want)
		}
	}
}

func treeNames(r bundle.TreeReport, file string) bool {
	for _, p := range r.Problems {
		if filepath.ToSlash(p.File) == file {
			return true
		}
	}
	return false
}
