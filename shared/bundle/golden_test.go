package bundle_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/bundle/bundletest"
	"github.com/osiriscare/osiris/shared/signed"
)

var update = flag.Bool("update", false, "write testdata again")

// goldenTree is an export as version 1.0 wrote it in November 2026. It must
// verify for as long as evidence is kept.
const goldenTree, goldenPin = "testdata/good_export", "testdata/good_export.fingerprint"

// plain is a copy of a folder of testdata.
func plain(t *testing.T, folder string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), filepath.Base(folder))
	if err := bundletest.Copy(folder, copied); err != nil {
		t.Fatal(err)
	}
	return copied
}

func TestTheGoldenExportIsStillProvenAndStillWritten(t *testing.T) {
	x := practice(t, "golden")
	if *update {
		if err := os.RemoveAll(goldenTree); err != nil {
			t.Fatal(err)
		}
		x.writeAll(t, goldenTree)
		put(t, "testdata", filepath.Base(goldenPin), []byte(x.Pin().String()+"\n"))
	}
	pin, err := signed.ParseKeyID(strings.TrimSpace(string(get(t, ".", goldenPin))))
	if err != nil {
		t.Fatal(err)
	}
	tree := plain(t, goldenTree)
	if r := verifyTree(t, tree, &pin); r.Result != bundle.Proven || r.Bundles != 4 {
		t.Errorf("VerifyTree(golden) = %+v; want 4 proven", r)
	}
	for i := range x.bundles {
		dir := x.folder(tree, i)
		for name, want := range map[string][]byte{bundle.FileJSON: x.json[i], bundle.FileSig: x.sig[i]} {
			if got := get(t, dir, name); string(got) != string(want) {
				t.Errorf("%s/%s = %s; today's code writes %s", dir, name, got, want)
			}
		}
	}
}

func TestIDsAreStable(t *testing.T) {
	// Redo after a crash relies on these values: never change them.
	if got, want := bundle.ID("ag_x", "0011", 7, "observed"), "8f8c04e9-ca67-5179-a61c-c2c0b64bcc7b"; got != want {
		t.Errorf("ID = %s; want %s", got, want)
	}
	if bundle.ID("ag_x", "0011", 7, "observed") == bundle.ID("ag_x", "0011", 8, "observed") {
		t.Error("two sequences have one id")
	}
}

func TestEncodeRefusesWhatReadersCannotRelyOn(t *testing.T) {
	w := bundletest.NewWorld(t, "refuse")
	for name, change := range map[string]func(*bundle.Bundle){
		"no id":                        func(b *bundle.Bundle) { b.BundleID = "" },
		"an id in upper case":          func(b *bundle.Bundle) { b.BundleID = strings.ToUpper(b.BundleID) },
		"an id that leaves the folder": func(b *bundle.Bundle) { b.BundleID = "../../../../etc/passwd" },
		"no kind":                      func(b *bundle.Bundle) { b.Kind = "" },
		"a kind with spaces":           func(b *bundle.Bundle) { b.Kind = "a b" },
		"an unknown outcome":           func(b *bundle.Bundle) { b.Outcome = "fine" },
		"no site":                      func(b *bundle.Bundle) { b.SiteID = "" },
		"no appliance":                 func(b *bundle.Bundle) { b.ApplianceID = "" },
		"no time":                      func(b *bundle.Bundle) { b.MadeTime = 0 },
		"a time before 1970":           func(b *bundle.Bundle) { b.MadeTime = -1 },
		"a time after the year 9999":   func(b *bundle.Bundle) { b.MadeTime = 1 << 60 },
		"a host's time after 9999":     func(b *bundle.Bundle) { b.AgentTime = 1 << 60 },
		"more than a megabyte":         func(b *bundle.Bundle) { b.Summary = strings.Repeat("x", bundle.MaxSize) },
	} {
		b := w.Drift(1)
		change(&b)
		if data, err := b.Encode(); err == nil {
			t.Errorf("%s: Encode = %d bytes; want an error", name, len(data))
		}
	}
}

func TestDecodeTakesOnlyTheOneForm(t *testing.T) {
	data, err := bundletest.NewWorld(t, "form").Drift(1).Encode()
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	if b, err := bundle.Decode(data); err != nil || b.Seq != 1 || b.PreState["a <b> & \"c\""] != "é\u2028" {
		t.Fatalf("Decode(good) = %+v, %v", b, err)
	}
	for name, bad := range map[string]string{
		"an unknown field":        strings.Replace(good, `  "kind"`, `  "extra": 1,`+"\n"+`  "kind"`, 1),
		"a field twice":           strings.Replace(good, `  "kind": "drift",`, `  "kind": "drift",`+"\n"+`  "kind": "drift",`, 1),
		"a field in another case": strings.Replace(good, `"kind"`, `"Kind"`, 1),
		"a missing field":         strings.Replace(good, `  "severity": "medium",`+"\n", "", 1),
		"another version":         strings.Replace(good, `"1.0"`, `"1.1"`, 1),
		"another number form":     strings.Replace(good, `"seq": 1`, `"seq": 1e0`, 1),
		"a time with an offset":   strings.Replace(good, `Z"`, `+00:00"`, 1),
		"two documents":           good + good,
		"no newline at the end":   strings.TrimSuffix(good, "\n"),
		"null for a list":         strings.Replace(good, `"actions": []`, `"actions": null`, 1),
		"bytes that are not text": strings.Replace(good, "DESK-01", "DESK\xff01", 1),
		"nothing":                 "",
	} {
		if bad == good {
			t.Fatalf("%s: the test changes nothing", name)
		}
		if _, err := bundle.Decode([]byte(bad)); err == nil {
			t.Errorf("%s: Decode accepts it", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for n := range uint64(3) {
		data, err := bundletest.NewWorld(f, "fuzz").Drift(n).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := bundle.Decode(data)
		if err != nil {
			return
		}
		if again, err := b.Encode(); err != nil || string(again) != string(data) {
			t.Errorf("Decode(%q) accepts what Encode does not write: %v", data, err)
		}
	})
}

func FuzzParseSig(f *testing.F) {
	x := practice(f, "fuzz")
	f.Add(x.sig[1])
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := bundle.ParseSig(data)
		if err != nil {
			return
		}
		if string(s.Marshal()) != string(data) {
			t.Errorf("ParseSig(%q) accepts what Marshal does not write", data)
		}
		if _, err := bundle.OpenSigned(x.json[1], data); err == nil && string(data) != string(x.sig[1]) {
			t.Errorf("OpenSigned accepts %q", data)
		}
	})
}
