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
	runs  int
}

func (g *greedy) Read(ctx context.Context, id check.ID) check.Facts {
	var takes time.Duration
	g.set(func() {
		g.runs++
		g.used.CPU += g.uses.CPU
		g.used.Memory += g.uses.Memory
		takes = g.takes
	})
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return check.Facts{{Name: check.FactError, Value: "Cut off."}}
	}
	return g.world.Read(ctx, id)
}

func (g *greedy) meter() (u schedule.Usage) {
	g.set(func() { u = g.used })
	return u
}

// ran is how often it ran.
func (g *greedy) ran() (n int) {
	g.set(func() { n = g.runs })
	return n
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
		{"time", time.Hour, schedule.Usage{}, "more than 10 seconds."},
		{"CPU", 0, schedule.Usage{CPU: 6 * time.Second}, "more than 5 seconds of CPU time."},
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
				if status != "unknown" || actual != "suspended" || !strings.Contains(reason, tt.says) || !strings.Contains(reason, "Suspended until 2000-01-01T00:1") {
					t.Errorf("the verdict is %s, %q: %s", status, actual, reason)
				}
				runs := g.ran()
				g.pass(10 * time.Minute)
				if g.ran() != runs {
					t.Errorf("it ran %d times while suspended", g.ran()-runs)
				}
				// Tried again once, suspended for twice as long.
				g.pass(20 * time.Minute)
				if g.ran() != runs+1 {
					t.Errorf("it ran %d times in the half hour after; want 1", g.ran()-runs)
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

func TestACheckThatNeedsTooMuchMemoryIsSuspendedForADayAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGreedy(t)
		g.uses = schedule.Usage{Memory: 129 << 20}
		g.start()
		defer g.stop()
		g.pass(23 * time.Hour)
		status, actual, reason := g.last()
		if status != "unknown" || actual != "suspended" || !strings.Contains(reason, "128 MB of memory") || g.ran() != 1 {
			t.Errorf("after %d runs the verdict is %s, %q: %s", g.ran(), status, actual, reason)
		}
		g.set(func() { g.uses = schedule.Usage{} })
		g.pass(2 * time.Hour)
		if status, _, _ := g.last(); status != "pass" {
			t.Errorf("a day later the verdict is %s; want pass", status)
		}
	})
}

func TestOneRunOverALimitIsForgiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGreedy(t)
		g.start()
		defer g.stop()
		g.pass(30 * time.Second)
		for range 5 {
			g.set(func() { g.uses = schedule.Usage{CPU: time.Minute} })
			runs := g.ran()
			for g.ran() == runs {
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
		g.takes, g.uses = 10*time.Second, schedule.Usage{Memory: 200 << 20}
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
	// More than the peak has been, which an earlier test may have raised.
	kept := make([]byte, before.Memory+16<<20)
	for i := 0; i < len(kept); i += 512 {
		kept[i] = 1
	}
	for until := time.Now().Add(50 * time.Millisecond); time.Now().Before(until); {
		kept[len(kept)-1]++
	}
	after := g.schedule.Meter()
	if after.CPU <= before.CPU || after.Memory < int64(len(kept)) || before.Memory < 1<<20 {
		t.Errorf("meter = %+v after %+v with %d bytes; want more of both", after, before, len(kept))
	}
	if err := g.queue.Close(); err != nil {
		t.Error(err)
	}
}
