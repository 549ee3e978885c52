package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

func TestFixtureHasTheFormThatTheReplayReads(t *testing.T) {
	f := &fixture{redact: newRedactor(nil)}
	denied := &winapi.Error{Call: "RegOpenKeyEx", Code: 5}
	missing := &winapi.Error{Call: "RegOpenKeyEx", Code: 2}
	f.value(`HKLM\A`, "Lines", "a\n\nb", nil)
	f.value(`HKLM\A`, "Lines", "a\n\nb", nil) // once
	f.value(`HKLM\A`, "Denied", "", denied)
	f.value(`HKLM\A`, "Missing", "", missing)
	f.key(`HKLM\B`, nil)
	f.key(`HKLM\C`, missing)
	status := &query{namespace: `root\x`, class: "Status", properties: []string{"A", "B"}}
	f.instances(status, []winapi.Row{{{Text: `a;\`}, {Null: true}}}, nil)
	mode := &query{namespace: `root\x`, class: "Status", properties: []string{"Mode"}}
	f.instances(mode, []winapi.Row{{{Text: "Normal"}}}, nil)
	f.instances(&query{namespace: `root\y`, class: "Z", context: "P=Q"}, nil, winapi.NamespaceMissing)
	f.api("PendingUpdates", "", []string{"Searched=2026-11-22", "KB=1"})
	f.apiFailed("SNTP", "x:123", "no server")
	f.drive("C:", check.Facts{{Name: "Kind", Value: "3"}})
	f.origin("26100", "1742", "2026-11-22")
	f.verdict(&check.Verdict{Status: check.Fail, Severity: "high", Actual: "off", Reason: "It is off."})
	if f.broken == nil || f.broken.Code != 5 {
		t.Errorf("what ended the reading is %v; want the first failure", f.broken)
	}
	want := `origin captured
source winfacts on Windows build 26100.1742, 2026-11-22
now 2026-11-22
want fail high
actual off
reason It is off.
reg HKLM\A|Lines = a\n\nb
reg HKLM\A|Denied ! 5
key HKLM\B
wmi root\x:Status
row A=a\;\\;Mode=Normal
wmi root\y:Z P=Q ! 0x8004100e
api PendingUpdates  Searched=2026-11-22
api PendingUpdates  KB=1
api SNTP x:123 ! 0x80004005
drive C: Kind=3
`
	if got := f.String(); got != want {
		t.Errorf("the fixture is\n%s\nwant\n%s", got, want)
	}
}

func TestAFixtureIsNeverWrittenOverAnother(t *testing.T) {
	r := &report{Check: "firewall", Build: "26100", Status: "not_applicable", file: &fixture{redact: newRedactor(nil)}}
	folder := t.TempDir()
	if err := r.save(folder, ""); err != nil {
		t.Fatal(err)
	}
	if want := "firewall/26100-captured-not-applicable.txt"; r.Saved != want {
		t.Errorf("it is saved as %s; want %s", r.Saved, want)
	}
	if err := r.save(folder, ""); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second capture gives %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, r.Saved)); err != nil {
		t.Error(err)
	}
}

func TestAReportIsOneLineOfJSON(t *testing.T) {
	r := &report{Check: "a", Status: "pass", Differences: []difference{{"SELECT", "A", "1", "2"}}}
	var out, text bytes.Buffer
	if err := errors.Join(r.print(&out, true), r.print(&text, false)); err != nil {
		t.Fatal(err)
	}
	var back report
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Differences[0].Library != "2" || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("the line is %s (%v)", &out, err)
	}
	if !strings.Contains(text.String(), "DIFFERENT SELECT: A: the agent has 1, the library 2") {
		t.Errorf("the text is %s", &text)
	}
}

func TestWrongArgumentsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-check", "nonsense"}, {"-state", "Upper"}, {"-check", "firewall", "more"}, {"-wrong"}} {
		if err := run(context.Background(), args, &bytes.Buffer{}); !errors.Is(err, errArguments) {
			t.Errorf("%q gives %v", args, err)
		}
	}
}
