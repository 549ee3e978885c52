//go:build integration

package main

import (
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/runbook"
)

// TestShellcheckFindsNothing judges the catalogue's shell in the form in which it
// runs: with the prelude before it, and its parameters set.
func TestShellcheckFindsNothing(t *testing.T) {
	c, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range c.Texts().All() {
		if text.Platform != "linux" || text.Kind == runbook.Prelude || text.Kind == runbook.Postlude {
			continue
		}
		d, err := c.Document(text)
		if err != nil {
			t.Fatal(err)
		}
		if text.Runbook != "" {
			r, err := c.Get(text.Runbook)
			if err != nil {
				t.Fatal(err)
			}
			names := append(slices.Collect(maps.Keys(r.Parameters)), r.Roads.SSH.CheckParameters...)
			d.Parameters, d.Snapshot = map[string]string{}, json.RawMessage(`"x"`)
			for _, name := range names {
				d.Parameters[name] = "1"
			}
		}
		script, err := d.Shell()
		if err != nil {
			t.Fatal(err)
		}
		checkShell(t, text.Path, string(script))
	}
	// The frame alone, while there may be no part of Linux yet.
	var frame strings.Builder
	for _, text := range c.Texts().All() {
		if text.Platform == "linux" && text.Kind == runbook.Prelude {
			frame.WriteString(text.Body)
		}
	}
	checkShell(t, "linux/prelude.sh", frame.String())
}

func checkShell(t *testing.T, name, script string) {
	t.Helper()
	// 2034 is a variable that only other parts use, 2317 and 2329 a function of the
	// prelude that this one does not call.
	cmd := exec.CommandContext(t.Context(), "shellcheck", "--shell=sh", "--severity=style", "--exclude=SC2034,SC2317,SC2329", "-")
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
}

func TestShellcheckFindsWhatIsWrong(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "shellcheck", "--shell=sh", "-")
	cmd.Stdin = strings.NewReader("rm $1\n")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "SC2086") {
		t.Errorf("shellcheck says %s (%v); want SC2086", out, err)
	}
}
