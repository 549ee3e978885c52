package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/osiriscare/osiris/shared/check"
)

func TestVerdictsAreGroupedForATechnician(t *testing.T) {
	got := string(verdictText([]check.Verdict{
		{Check: "disk_space", Status: check.Pass, Reason: "Every volume has room."},
		{Check: "screen_lock", Status: check.Fail, Severity: "medium", Reason: "The screen stays open.", Actual: "30 min", Expected: "15 min"},
		{Check: "patches", Status: check.Unknown, Reason: "Not readable: timeout."},
		{Check: "bitlocker", Status: check.NotApplicable, Reason: "Windows Home has none."},
		{Check: "linux_firewall", Status: check.Fail, Severity: "critical", Reason: "The kernel accepts input that no rule forbids and that is a sentence which needs a second line.", Actual: "off", Expected: "on"},
	}, false))
	want := `To be put right (2)
  linux_firewall      critical: The kernel accepts input that no rule forbids
                      and that is a sentence which needs a second line.
                      Is: off
                      Should be: on
  screen_lock         medium: The screen stays open.
                      Is: 30 min
                      Should be: 15 min

Could not be checked (1)
  patches             Not readable: timeout.

In order (1)
  disk_space          Every volume has room.

Does not apply here (1)
  bitlocker           Windows Home has none.
`
	if got != want {
		t.Errorf("verdictText =\n%s\nwant\n%s", got, want)
	}
}

func TestOnlyATerminalGetsColours(t *testing.T) {
	v := []check.Verdict{{Check: "disk_space", Status: check.Fail, Severity: "high", Reason: "Full."}}
	if got := string(verdictText(v, true)); !strings.HasPrefix(got, "\x1b[1;31mTo be put right (1)\x1b[0m\n") {
		t.Errorf("verdictText = %q; want a red heading", got)
	}
	if isColoured(&bytes.Buffer{}) {
		t.Error("a pipe is taken for a terminal")
	}
}

func TestLinesFitATerminalUnlessAWordDoesNot(t *testing.T) {
	for _, text := range []string{"", "one", strings.Repeat("word ", 100), strings.Repeat("x", 200) + " end"} {
		out := column(text)
		if got := strings.Join(strings.Fields(out), " "); got != strings.Join(strings.Fields(text), " ") {
			t.Errorf("column(%q) lost words: %q", text, got)
		}
		for line := range strings.Lines(out) {
			if utf8.RuneCountInString(line) > 80 && !strings.Contains(line, "xxx") {
				t.Errorf("the line %q has %d characters", line, len(line))
			}
		}
	}
}

func TestTheExitCodeSaysTheWorst(t *testing.T) {
	file := write(t, "root_dir = "+t.TempDir(), "data_dir = "+t.TempDir())
	// Without a signature list products cannot be told; an empty root has no
	// hardened kernel settings.
	for names, want := range map[string]int{"rmm_detection": 4, "sysctl_hardening": 3, "rmm_detection sysctl_hardening": 3, "sysctl_hardening rmm_detection": 3} {
		code, stdout, stderr := osiris(append([]string{"check", "--config", file}, strings.Fields(names)...)...)
		if code != want || stderr != "" {
			t.Errorf("check %s: exit %d, %q, %q; want %d", names, code, stdout, stderr, want)
		}
	}
}
