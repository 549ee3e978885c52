package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// reported writes a test.xml and gives the target that Bazel would report.
func reported(t *testing.T, status, xml string) tested {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.xml")
	if err := os.WriteFile(path, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	return tested{"//shared/check:check_test", status, path}
}

func TestASkippedTestOfBazelsBreaksCI(t *testing.T) {
	var sum summary
	err := reported(t, "PASSED", `<testsuites><testsuite><testcase name="TestA"></testcase>
		<testcase name="TestB"><skipped message="no openssl here" type=""></skipped></testcase></testsuite></testsuites>`).count(&sum)
	if err != nil || sum.passed != 1 || len(sum.skipped) != 1 {
		t.Fatalf("count = %+v, %v; want one passed and one skipped", sum, err)
	}
	var out bytes.Buffer
	if err := sum.judge(&out, true); err == nil || !strings.Contains(out.String(), "TestB: no openssl here") {
		t.Errorf("judge in CI = %v; want an error, and the reason in %q", err, out.String())
	}
}

func TestATargetThatFailsBeforeItsFirstTestCounts(t *testing.T) {
	for name, tt := range map[string]struct {
		status, xml    string
		passed, failed int
	}{
		"no Go test, passed":    {"PASSED", "<testsuites></testsuites>", 1, 0},
		"no Go test, failed":    {"FAILED", "<testsuites></testsuites>", 0, 1},
		"timed out":             {"TIMEOUT", "<testsuites></testsuites>", 0, 1},
		"a failed case is one":  {"FAILED", `<testsuites><testsuite><testcase name="T"><failure message="x" type=""></failure></testcase></testsuite></testsuites>`, 0, 1},
		"a suite without cases": {"PASSED", `<testsuites><testsuite></testsuite></testsuites>`, 0, 0},
	} {
		var sum summary
		if err := reported(t, tt.status, tt.xml).count(&sum); err != nil || sum.passed != tt.passed || len(sum.failed) != tt.failed {
			t.Errorf("%s: count = %+v, %v; want %d passed, %d failed", name, sum, err, tt.passed, tt.failed)
		}
	}
}

func TestEventsNameEachTargetAndItsResult(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.json")
	events := `{"id":{"started":{}},"children":[]}
{"id":{"testResult":{"label":"//a:a_test","run":1}},"testResult":{"testActionOutput":[{"name":"test.log","uri":"file:///x/test.log"},{"name":"test.xml","uri":"file:///x/test.xml"}],"status":"PASSED"}}
`
	if err := os.WriteFile(path, []byte(events), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := readEvents(path)
	if err != nil || len(all) != 1 || all[0] != (tested{"//a:a_test", "PASSED", "/x/test.xml"}) {
		t.Errorf("readEvents = %+v, %v; want //a:a_test", all, err)
	}
}

func TestAPackageWhoseTestsBazelLeavesOutIsGoTests(t *testing.T) {
	for text, want := range map[string]bool{
		`go_test(name = "a_test", srcs = ["a_test.go"])`:                          true,
		`go_test(name = "a_test", tags = ["checkout"])`:                           false,
		`go_test(name = "a_test", tags = ["manual"])`:                             false,
		`go_library(name = "a")`:                                                  false,
		`go_test(name = "a", tags = ["checkout"])` + "\n" + `go_test(name = "b")`: true,
	} {
		path := filepath.Join(t.TempDir(), "BUILD.bazel")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if has, err := bazelTests(path); err != nil || has != want {
			t.Errorf("bazelTests(%s) = %v, %v; want %v", text, has, err, want)
		}
	}
	if has, err := bazelTests(filepath.Join(t.TempDir(), "none")); err != nil || has {
		t.Errorf("bazelTests(no file) = %v, %v; want false", has, err)
	}
}
