//go:build wine

package wine_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/e2e/wine"
)

// differs are the classes that answer the agent under Wine 8.0 and not the wmi
// library, whose IDispatch Wine lacks.
var differs = []string{"Win32_LogicalDisk", "Win32_OptionalFeature", "Win32_Printer", "Win32_QuickFixEngineering"}

var fromClass = regexp.MustCompile(`FROM (\w+)`)

// TestWinfactsCapturesAndCompares goes with winfacts through docs/lab.md, as far
// as Wine allows: captures of all checks, the comparison with the wmi library,
// files that are never written over, and the replay of what was captured.
func TestWinfactsCapturesAndCompares(t *testing.T) {
	t.Parallel()
	p := open(t)
	program := filepath.Join(t.TempDir(), "winfacts.exe")
	build := exec.CommandContext(bounded(t), "go", "build", "-buildvcs=false", "-o", program, "./agent/cmd/winfacts")
	build.Dir, build.Env = root(t), append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building winfacts: %v\n%s", err, out)
	}
	captures := filepath.Join(t.TempDir(), "captures")
	out, err := p.Command(bounded(t), program, "-json", "-out", wine.WindowsPath(captures), "-state", "wine").Output()
	if code := exitCode(err); code != 1 {
		t.Errorf("winfacts exits with %d (%v); want 1, because the library differs", code, err)
	}
	var reports []report
	for line := range strings.Lines(string(out)) {
		var r report
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("winfacts -json printed %q: %v", line, err)
		}
		reports = append(reports, r)
	}
	judgeReports(t, reports, captures)
	replay(t, captures)

	// One check, as text; the file is there already, and stays as it is.
	text, err := p.Command(bounded(t), program, "-check", "screen_lock", "-out", wine.WindowsPath(captures), "-state", "wine").Output()
	if exitCode(err) != 1 || !strings.Contains(string(text), "screen_lock: fail.") {
		t.Errorf("winfacts -check screen_lock again = %q, %v; want the verdict, and a file that is not written over", text, err)
	}
	if _, err := p.Run(bounded(t), program, "-check", "screen_lock"); err != nil {
		t.Errorf("winfacts -check screen_lock without a folder: %v", err)
	}
	for _, wrong := range [][]string{{"-check", "nonsense"}, {"-state", "A B"}, {"extra"}} {
		if _, err := p.Run(bounded(t), program, wrong...); exitCode(err) != 2 {
			t.Errorf("winfacts %q: %v; want exit code 2", wrong, err)
		}
	}
}

// report is a line of winfacts -json.
type report struct {
	Check, Build, Status, Fixture, Saved string

	Differences []struct{ Query, What, Agent, Library string }
}

func judgeReports(t *testing.T, reports []report, captures string) {
	t.Helper()
	if len(reports) < 15 {
		t.Errorf("winfacts reported on %d checks; want 15 or more", len(reports))
	}
	var classes []string
	for _, r := range reports {
		saved, err := os.ReadFile(filepath.Join(captures, r.Check, "18362-wine.txt"))
		if err != nil || string(saved) != r.Fixture || r.Saved != r.Check+"/18362-wine.txt" {
			t.Errorf("%s is saved as %q, which holds %q (%v); want what the report has: %q", r.Check, r.Saved, saved, err, r.Fixture)
		}
		if !strings.Contains(r.Fixture, "\norigin captured\n") && !strings.HasPrefix(r.Fixture, "origin captured\n") {
			t.Errorf("%s does not say that it was captured:\n%s", r.Check, r.Fixture)
		}
		for _, d := range r.Differences {
			class := fromClass.FindStringSubmatch(d.Query)
			if class == nil || d.What != "error" {
				t.Errorf("%s: an unexpected difference: %+v", r.Check, d)
				continue
			}
			classes = append(classes, class[1])
		}
	}
	slices.Sort(classes)
	if got := slices.Compact(classes); !slices.Equal(got, differs) {
		t.Errorf("the library differs in %q; want %q", got, differs)
	}
}

// replay runs the test that a person with captures runs, on a copy of the probe's
// fixtures with these beside them.
func replay(t *testing.T, captures string) {
	t.Helper()
	probe := filepath.Join(root(t), "agent", "internal", "probe")
	work := t.TempDir()
	fixtures := filepath.Join(work, "testdata", "windows")
	if err := errors.Join(
		os.CopyFS(filepath.Join(work, "testdata"), os.DirFS(filepath.Join(probe, "testdata"))),
		os.CopyFS(fixtures, os.DirFS(captures)), // none of ours has such a name
	); err != nil {
		t.Fatal(err)
	}
	test := filepath.Join(work, "probe.test")
	compile := exec.CommandContext(bounded(t), "go", "test", "-c", "-o", test, "./agent/internal/probe")
	compile.Dir = root(t)
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("compiling the replay: %v\n%s", err, out)
	}
	run := exec.CommandContext(bounded(t), test, "-test.v", "-test.run", "^TestWindowsFixtures$")
	run.Dir = work
	out, err := run.CombinedOutput()
	if err != nil {
		t.Errorf("replaying the captures: %v\n%s", err, out)
	}
	if n := strings.Count(string(out), "/18362-wine ("); n < 15 {
		t.Errorf("%d captures were replayed; want 15 or more", n)
	}
}

// exitCode is 0 for a program that ended well, -1 for one that did not run.
func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}
