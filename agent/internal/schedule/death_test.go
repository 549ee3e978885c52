package schedule_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/agent/internal/schedule"
	"github.com/osiriscare/osiris/shared/check"
)

// newMortal is a world whose schedule keeps a marker.
func newMortal(t *testing.T, folder string) *world {
	w := newWorld(t, time.Minute)
	w.path = filepath.Join(folder, "queue.db")
	w.prepare = func(s *schedule.Schedule) { s.Marker = filepath.Join(folder, "running") }
	return w
}

// dyingIn is set, in the process that dies, to the folder it works in.
const dyingIn = "OSIRIS_TEST_DYING_IN"

// deadly is a reader that ends the process when it reads one of the checks.
type deadly struct{ *world }

func (d deadly) Read(ctx context.Context, id check.ID) check.Facts {
	if id == check.TimeSync {
		os.Exit(3) // as a fault in a library would
	}
	return d.world.Read(ctx, id)
}

// TestTheOneThatDies is no test but what runs in the process that dies.
func TestTheOneThatDies(t *testing.T) {
	folder := os.Getenv(dyingIn)
	if folder == "" {
		return // the parent runs it
	}
	w := newMortal(t, folder)
	w.interval = 250 * time.Millisecond
	w.reader = deadly{w}
	w.start(check.TimeSync, check.DiskSpace)
	for !slicesContain(w, check.TimeSync, "suspended") || !slicesContain(w, check.DiskSpace, "") {
		time.Sleep(10 * time.Millisecond)
	}
	w.stop()
}

// slicesContain tells whether the queue has a verdict of a check with an actual
// value that has the text.
func slicesContain(w *world, id check.ID, actual string) bool {
	for _, r := range w.records() {
		if v := r.GetVerdict(); v.GetCheckId() == string(id) && strings.Contains(v.GetActual(), actual) {
			return true
		}
	}
	return false
}

func TestACheckThatEndsTheAgentIsSuspendedAndSaysSo(t *testing.T) {
	folder := t.TempDir()
	for n, want := range []int{3, 3, 0} {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheOneThatDies$")
		c.Env = append(os.Environ(), dyingIn+"="+folder)
		out, err := c.CombinedOutput()
		var exit *exec.ExitError
		code := 0
		if errors.As(err, &exit) {
			code = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if code != want {
			t.Fatalf("start %d ended with %d; want %d\n%s", n+1, code, want, out)
		}
	}
	w := newMortal(t, folder)
	if err := w.open(); err != nil {
		t.Fatal(err)
	}
	defer w.queue.Close() //nolint:errcheck // the file goes with the test
	status, reason := "", ""
	for _, r := range w.records() {
		if v := r.GetVerdict(); v.GetCheckId() == string(check.TimeSync) {
			status, reason = check.Status(v.GetStatus()).String(), v.GetReason()
		}
	}
	if status != "unknown" || !strings.Contains(reason, "the agent ended twice while it ran") {
		t.Errorf("the verdict is %s: %s; want unknown and why", status, reason)
	}
}

// interrupted ends a schedule as kill -9 does, in the middle of a run when the
// reader blocks: nothing of it is told.
func (w *world) interrupted() {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(filepath.Dir(w.path), "running"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.stop()
	if err := os.WriteFile(filepath.Join(filepath.Dir(w.path), "running"), content, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func TestOneEndInARunIsForgivenByARunThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newMortal(t, t.TempDir())
		blocked := &greedy{world: w, takes: time.Hour}
		w.reader = blocked
		for range 3 {
			w.start()
			w.pass(15 * time.Second) // somewhere in the first run
			w.interrupted()
			blocked.set(func() { blocked.takes = 0 })
			w.start()
			w.pass(2 * time.Minute)
			if status, actual, _ := w.last(); status != "pass" {
				t.Errorf("after one end the verdict is %s, %q; want pass", status, actual)
			}
			w.stop()
			if content, err := os.ReadFile(filepath.Join(filepath.Dir(w.path), "running")); err != nil || len(content) != 0 {
				t.Errorf("between runs the file says %q, %v; want nothing", content, err)
			}
			blocked.set(func() { blocked.takes = time.Hour })
		}
	})
}

func TestASuspensionOutlivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGreedy(t)
		g.uses = schedule.Usage{CPU: 6 * time.Second}
		g.start()
		g.pass(3 * time.Minute)
		g.stop()
		runs := g.ran()
		g.set(func() { g.uses = schedule.Usage{} })
		g.start()
		g.pass(14 * time.Minute)
		status, actual, reason := g.last()
		if status != "unknown" || actual != "suspended" || g.ran() != runs {
			t.Errorf("after a restart the verdict is %s, %q (%s), %d runs; want it suspended still", status, actual, reason, g.ran()-runs)
		}
		g.pass(3 * time.Minute)
		if status, actual, _ := g.last(); status != "pass" {
			t.Errorf("after the suspension the verdict is %s, %q; want pass", status, actual)
		}
		g.stop()
	})
}
