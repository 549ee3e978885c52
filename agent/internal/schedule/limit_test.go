package schedule_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/agent/internal/schedule"
	"github.com/osiriscare/osiris/shared/check"
)

// greedy is a reader that uses what a test tells it to.
type greedy struct {
	*world
	takes time.Duration
	uses  schedule.Usage
	used  schedule.Usage
	deaf  bool // does not hear that it is cut off
	runs  int
}

func (g *greedy) Read(ctx context.Context, id check.ID) check.Facts {
	g.set(func() {
		g.runs++
		g.used.CPU += g.uses.CPU
		g.used.Allocated += g.uses.Allocated
	})
	if g.deaf {
		ctx = context.Background()
	}
	select {
	case <-time.After(g.takes):
	case <-ctx.Done():
		return check.Facts{{Name: check.FactError, Value: "Cut off."}}
	}
	return g.world.Read(ctx, id)
}

func (g *greedy) meter() (u schedule.Usage) {
	g.set(func() { u = g.used })
	return u
}

// newGreedy is a world whose one check is read by a greedy reader each minute.
func newGreedy(t *testing.T) *greedy {
	g := &greedy{world: newWorld(t, time.Minute)}
	g.reader = g
	g.prepare = func(s *schedule.Schedule) { s.Meter = g.meter }
	return g
}

// last is the newest verdict in the queue.
func (w *world) last() (status, actual, reason string) {
	w.t.Helper()
	all := w.records()
	v := all[len(all)-1].GetVerdict()
	return check.Status(v.GetStatus()).String(), v.GetActual(), v.GetReason()
}

func TestACheckThatKeepsGoingOverALimitIsSuspendedAndSaysSo(t *testing.T) {
	for _, tt := range []struct {
		name  string
		takes time.Duration
		uses  schedule.Usage
		says  string
	}{
		{"time", time.Hour, schedule.Usage{}, "10s (limit 10s)"},
		{"CPU", 0, schedule.Usage{CPU: 6 * time.Second}, "6s of CPU time (limit 5s)"},
		{"memory", 0, schedule.Usage{Allocated: 65 << 20}, "65 MB of memory (limit 64 MB)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGreedy(t)
				g.start()
				defer g.stop()
				g.pass(30 * time.Second)
				if status, _, _ := g.last(); status != "pass" {
					t.Fatalf("the first verdict is %s; want pass", status)
				}
				g.set(func() { g.takes, g.uses = tt.takes, tt.uses })
				g.pass(3 * time.Minute)
				status, actual, reason := g.last()
				if status != "unknown" || actual != "suspended" || !strings.Contains(reason, tt.says) || !strings.Contains(reason, "Suspended until 2000-01-01 00:1") {
					t.Errorf("the verdict is %s, %q: %s", status, actual, reason)
				}
				runs := g.runs
				g.pass(10 * time.Minute)
				if g.runs != runs {
					t.Errorf("it ran %d times while suspended", g.runs-runs)
				}
				// Tried again once, suspended for twice as long.
				g.pass(20 * time.Minute)
				if g.runs != runs+1 {
					t.Errorf("it ran %d times in the half hour after; want 1", g.runs-runs)
				}
				// A run that keeps the limits ends it.
				g.set(func() { g.takes, g.uses = 0, schedule.Usage{} })
				g.pass(25 * time.Minute)
				if status, actual, _ := g.last(); status != "pass" || actual == "suspended" {
					t.Errorf("after the suspension the verdict is %s, %q; want pass", status, actual)
				}
			})
		})
	}
}

func TestOneRunOverALimitIsForgiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGreedy(t)
		g.start()
		defer g.stop()
		g.pass(30 * time.Second)
		for range 5 {
			g.set(func() { g.uses = schedule.Usage{CPU: time.Minute} })
			runs := g.runs
			for g.runs == runs {
				g.pass(time.Second)
			}
			g.set(func() { g.uses = schedule.Usage{} })
			g.pass(time.Minute)
		}
		if strings.Contains(g.story(), "unknown") {
			t.Errorf("the story is %q; want no unknown", g.story())
		}
	})
}

func TestALongRunIsCutOffWhenItGoesOverALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGreedy(t)
		g.takes, g.uses = 10*time.Second, schedule.Usage{Allocated: 100 << 20}
		started := time.Now()
		if err := g.open(); err != nil {
			t.Fatal(err)
		}
		g.schedule.Round(t.Context())
		if took := time.Since(started); took > time.Second {
			t.Errorf("the run took %v; want at most a second", took)
		}
		if err := g.queue.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestTheRealMeterCounts(t *testing.T) {
	g := newGreedy(t)
	g.prepare = nil
	if err := g.open(); err != nil {
		t.Fatal(err)
	}
	before := g.schedule.Meter()
	var kept [][]byte
	for until := time.Now().Add(50 * time.Millisecond); time.Now().Before(until); {
		kept = append(kept[:0], make([]byte, 1<<20))
	}
	after := g.schedule.Meter()
	if after.CPU <= before.CPU || after.Allocated < before.Allocated+1<<20 || len(kept) == 0 {
		t.Errorf("meter = %+v after %+v; want more of both", after, before)
	}
	if err := g.queue.Close(); err != nil {
		t.Error(err)
	}
}
