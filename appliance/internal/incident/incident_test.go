package incident_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/check"
)

var update = flag.Bool("update", false, "rewrite the want part of testdata/*.txtar")

// TestScripts runs testdata/*.txtar. Each line of "script" is one step; what it
// did is one line of "want": the change, then state, level, outcome, reopened
// and the sources of the incident.
//
//	at MINUTE observe SOURCE STATUS [HOST]
//	at MINUTE supersede SOURCE [HOST]
//	at MINUTE begin | healed | escalate | clear
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("scripts = %v, %v; want some", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(archive.Files[0].Data))
			if *update {
				archive.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(archive.Files[1].Data); got != want {
				t.Errorf("script gave\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), incident.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func play(t *testing.T, script string) string {
	s, out, last := open(t), &strings.Builder{}, ""
	lines := bufio.NewScanner(strings.NewReader(script))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		minute, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil {
			t.Fatalf("step %q: %v", lines.Text(), err)
		}
		var change incident.Change
		err = s.Write(t.Context(), func(tx *store.Tx) error {
			var err error
			change, err = step(t.Context(), tx, last, minute*60_000, words[2:])
			return err
		})
		if err != nil {
			t.Fatalf("step %q: %v", lines.Text(), err)
		}
		i := change.Incident
		if i.ID != "" {
			last = i.ID
		}
		kind := string(change.Kind)
		if kind == "" {
			kind = "none"
		}
		fmt.Fprintf(out, "%s: %s %s level=%s outcome=%s reopened=%d sources=%s\n",
			strings.Join(words[2:], " "), kind, i.State, i.Level, i.Outcome, i.Reopened, strings.Join(i.Sources, ","))
	}
	return out.String()
}

func step(ctx context.Context, tx *store.Tx, id string, now int64, words []string) (incident.Change, error) {
	switch words[0] {
	case "observe":
		status, ok := check.ParseStatus(words[2])
		if !ok {
			return incident.Change{}, fmt.Errorf("no status %q", words[2])
		}
		host := "h_1"
		if len(words) > 3 {
			host = words[3]
		}
		return incident.Observe(ctx, tx, incident.Observation{
			SiteID: "s_1", HostID: host, Hostname: "ws01", Source: words[1], CheckID: check.SysctlHardening,
			DriftType: "kernel_hardening_missing", Severity: "medium", Status: status, Reason: "because", AtMs: now,
		})
	case "supersede":
		host := "h_1"
		if len(words) > 2 {
			host = words[2]
		}
		return incident.Supersede(ctx, tx, incident.Observation{
			SiteID: "s_1", HostID: host, Source: words[1], CheckID: check.SysctlHardening, AtMs: now,
		}, "agent")
	case "begin":
		i, err := incident.BeginHealing(ctx, tx, id, "linux.sysctl.harden", "healing", now)
		return incident.Change{Incident: i}, err
	case "healed":
		return incident.Healed(ctx, tx, id, "agent", "healed", now)
	case "escalate":
		return incident.Escalate(ctx, tx, id, "reverted", "could not be mended", now)
	case "clear":
		return incident.Clear(ctx, tx, id, now)
	default:
		return incident.Change{}, fmt.Errorf("no step %q", words[0])
	}
}

func TestEscalatingTwiceCountsOnce(t *testing.T) {
	got := play(t, "at 0 observe agent fail\nat 1 escalate\nat 2 escalate\n")
	if n := strings.Count(got, "escalate: escalated"); n != 1 {
		t.Errorf("two escalations changed the incident %d times; want 1:\n%s", n, got)
	}
}

func TestPatternLeavesTheHostOut(t *testing.T) {
	s := open(t)
	var patterns []string
	for _, host := range []string{"h_1", "h_2"} {
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			c, err := step(t.Context(), tx, "", 0, []string{"observe", "agent", "fail", host})
			patterns = append(patterns, c.Incident.Pattern)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if patterns[0] != patterns[1] || patterns[0] == "" {
		t.Errorf("patterns of two hosts = %q; want the same one", patterns)
	}
	live, err := incident.InState(t.Context(), s.Reader(), incident.Open, 10)
	if err != nil || len(live) != 2 {
		t.Errorf("InState(open) = %d incidents, %v; want 2, one a host", len(live), err)
	}
	if n, err := incident.Unresolved(t.Context(), s.Reader()); err != nil || n != 2 {
		t.Errorf("Unresolved = %d, %v; want 2", n, err)
	}
}
