package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
)

// copied is the golden export in a folder that may be changed.
func copied(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "export")
	ct.Check(t, os.CopyFS(dir, os.DirFS(goodExport)))
	return dir
}

func TestVerifyTakesAPartOfAnExport(t *testing.T) {
	for _, part := range []string{"2026", "2026/11", "2026/11/22"} {
		code, out, err := ctl(t, nil, "evidence", "verify", filepath.Join(goodExport, part), "--trust", fingerprint(t))
		if code != 0 || !strings.Contains(out, "4 proven") {
			t.Errorf("verify %s = %d:\n%s%s", part, code, out, err)
		}
	}
}

func TestVerifyNotesWhatIsOfOthers(t *testing.T) {
	dir := copied(t)
	ct.Check(t, os.Mkdir(filepath.Join(dir, "lost+found"), 0o700))
	ct.Check(t, os.WriteFile(filepath.Join(dir, ".DS_Store"), nil, 0o600))
	code, out, _ := ctl(t, nil, "evidence", "verify", dir, "--trust", fingerprint(t))
	if code != 0 || !strings.Contains(out, "note      lost+found: does not belong") || !strings.Contains(out, "note      .DS_Store: does not belong") {
		t.Errorf("verify = %d:\n%s", code, out)
	}
}

func TestVerifyComparesEachRootWithThePin(t *testing.T) {
	root, other := fingerprint(t), strings.Repeat("ab", 32)
	folder := ct.Value(filepath.Glob(filepath.Join(goodExport, "*", "*", "*", "*")))(t)[0]
	broken := copied(t)
	one := ct.Value(filepath.Glob(filepath.Join(broken, "*", "*", "*", "*")))(t)[1]
	ct.Check(t, os.WriteFile(filepath.Join(one, "bundle.proof"), []byte("x"), 0o600))
	for name, tt := range map[string]struct {
		args []string
		says string
	}{
		"another root":                 {[]string{goodExport, "--trust", other}, "root      " + root + " (NOT the one you trust)"},
		"a folder of another root":     {[]string{folder, "--trust", other}, "root      " + root + " (NOT the one you trust)"},
		"the root, something broken":   {[]string{broken, "--trust", root}, "root      " + root + " (the one you trust)"},
		"the root, nothing broken":     {[]string{goodExport, "--trust", root}, "root      " + root + " (the one you trust)"},
		"no pin, and something broken": {[]string{broken}, "root      " + root + " (as the files claim; compare it by another way)"},
	} {
		_, out, err := ctl(t, nil, append([]string{"evidence", "verify"}, tt.args...)...)
		if !strings.Contains(out, tt.says) {
			t.Errorf("%s: it does not say %q:\n%s%s", name, tt.says, out, err)
		}
		if strings.Contains(out, "witness has cosigned") {
			t.Errorf("%s: it blames the witness:\n%s", name, out)
		}
	}
}

func TestVerifyStopsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out, err bytes.Buffer
	code := run(ctx, []string{"evidence", "verify", goodExport, "--trust", fingerprint(t)}, func(string) string { return "" }, &out, &err)
	if code != 1 || strings.Contains(out.String(), "PROVEN") || !strings.Contains(err.String(), "which shows nothing") {
		t.Errorf("verify = %d:\n%s%s", code, out.String(), err.String())
	}
}

func TestPlainTextKeepsItsOrderAndItsLine(t *testing.T) {
	for in, want := range map[string]string{
		"exe.\u202etxt":                "exe.txt",
		"a\u2066b\u2069c\u200bd\ufeff": "abcd",
		"one\u2028two\u2029three":      "one two three",
		"\x1b[2J\u0085x":               " [2J x",
		"\u202e":                       "-",
		"Ä 日本 é":                       "Ä 日本 é",
	} {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestHelpExplainsExitCodeThree(t *testing.T) {
	if _, out, _ := ctl(t, nil, "help"); !strings.Contains(strings.Join(strings.Fields(out), " "), "signer not pinned or not cosigned yet") {
		t.Errorf("help does not explain exit code 3:\n%s", out)
	}
}
