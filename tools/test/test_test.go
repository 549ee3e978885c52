package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const skippedRun = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: no openssl here\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p","Elapsed":1.5}
{"Action":"skip","Package":"without/tests"}
`

func TestASkippedTestIsNamedAndBreaksCIOnly(t *testing.T) {
	var out bytes.Buffer
	sum, err := follow(strings.NewReader(skippedRun), &out)
	if err != nil {
		t.Fatal(err)
	}
	if err := sum.judge(&out, false); err != nil {
		t.Errorf("judge outside of CI = %v; want none", err)
	}
	if err := sum.judge(&out, true); err == nil {
		t.Error("judge in CI = nil; want an error")
	}
	if !strings.Contains(out.String(), "skipped p.TestA: a_test.go:3: no openssl here") {
		t.Errorf("output does not name the skipped test and its reason:\n%s", out.String())
	}
	if strings.Contains(out.String(), "without/tests") {
		t.Errorf("a package without tests counts as skipped:\n%s", out.String())
	}
}

func TestAFailedTestIsShownWithItsOutput(t *testing.T) {
	in := `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: got 1; want 2\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}
`
	var out bytes.Buffer
	sum, err := follow(strings.NewReader(in), &out)
	if err != nil {
		t.Fatal(err)
	}
	if err := sum.judge(&out, false); err == nil || !strings.Contains(err.Error(), "p.TestA") {
		t.Errorf("judge = %v; want an error that names p.TestA", err)
	}
	if !strings.Contains(out.String(), " 1 failed") {
		t.Errorf("the test and its package are counted twice:\n%s", out.String())
	}
	if !strings.Contains(out.String(), "got 1; want 2") {
		t.Errorf("the failed test's output is missing:\n%s", out.String())
	}
}

func TestARunWithoutATestIsBroken(t *testing.T) {
	var out bytes.Buffer
	sum := summary{}
	if err := sum.judge(&out, false); err == nil {
		t.Error("judge(nothing ran) = nil; want an error")
	}
}

func TestParsePackagesWantsAReason(t *testing.T) {
	got, err := parsePackages(strings.NewReader("# why\nopenssl  a judge\n\nsqlite3 another # really\n"))
	if err != nil || strings.Join(got, " ") != "openssl sqlite3" {
		t.Errorf("parsePackages = %v, %v; want openssl sqlite3", got, err)
	}
	if _, err := parsePackages(strings.NewReader("openssl\n")); err == nil {
		t.Error("parsePackages(no reason) = nil; want an error")
	}
}

func TestFuzzTargetsAreFoundByThemselves(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "x", "y"), 0o755); err != nil {
		t.Fatal(err)
	}
	source := "package y\n\nimport \"testing\"\n\nfunc FuzzParse(f *testing.F) {}\nfunc TestA(t *testing.T) {}\n"
	if err := os.WriteFile(filepath.Join(root, "x", "y", "y_test.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := fuzzTargets(root)
	if err != nil || len(got) != 1 || got[0] != (target{"x/y", "FuzzParse"}) {
		t.Errorf("fuzzTargets = %v, %v; want FuzzParse in x/y", got, err)
	}
}

func TestOnlyALateStopIsTriedAgain(t *testing.T) {
	for said, want := range map[string]bool{
		"--- FAIL: FuzzX (3.09s)\n    context deadline exceeded\nFAIL":                                     true,
		"--- FAIL: FuzzX\n    Failing input written to testdata/fuzz/FuzzX/1\n  context deadline exceeded": false,
		"--- FAIL: FuzzX\n    x_test.go:1: panic":                                                          false,
		"ok": false,
	} {
		if got := lateStop(said); got != want {
			t.Errorf("lateStop(%q) = %v; want %v", said, got, want)
		}
	}
}
