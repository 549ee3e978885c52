package scan_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

func TestARestartInTheMiddleOfASweepSaysNothingFalse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := &site{targets: workstations(3)}, diary{}
		r := &road{asked: map[string]int{}, at: map[string]int{}, how: map[string]func(context.Context) error{"t_1": hang, "t_2": hang}, answer: time.Second}
		turns := script.NewTurns()
		start := func() *scan.Scanner {
			scanner, err := scan.New(fast(), scan.Deps{
				Targets: s, Road: r, Catalogue: catalogue(t), Hosts: known{}, Intake: s, Policy: s, Evidence: s, Diary: d, Turns: turns, Log: discard(),
			})
			if err != nil {
				t.Fatal(err)
			}
			return scanner
		}
		run(t, 35*time.Second, start().Run) // a sweep has begun, its hosts hang
		for _, e := range s.take() {
			if e.HostID != "ws0" {
				t.Errorf("of a host that had not answered when it stopped it says %+v", e)
			}
		}
		if len(s.bundles) != 0 {
			t.Errorf("a sweep that did not end is proved: %+v", s.bundles[0].PostState)
		}
		delete(r.how, "t_1")
		delete(r.how, "t_2")
		run(t, 35*time.Second, start().Run)
		seen := map[string]int{}
		for _, e := range s.take() {
			if seen[e.HostID]++; e.Kind != drift.KindState || e.State.Cause != "first" {
				t.Errorf("after the restart it says %+v; want whole states", e)
			}
		}
		if seen["ws0"] != 1 || seen["ws1"] != 1 || seen["ws2"] != 1 {
			t.Errorf("states of %v; want one of each", seen)
		}
		if n := len(s.bundles); n != 1 || s.bundles[0].PostState["unknown"] != "0" || len(s.gaps()) != 0 {
			t.Errorf("%d bundles; want the summary alone", n)
		}
		for _, target := range s.targets {
			free, ok := turns.Try(target.ID)
			if !ok {
				t.Fatalf("the turn of %s was not given back", target.Host)
			}
			free()
		}
	})
}

// flaky is a site whose store fails for a while.
type flaky struct {
	*site
	broken atomic.Bool
}

var errDisk = errors.New("disk I/O error")

func (f *flaky) List(ctx context.Context) ([]script.Target, error) {
	if f.broken.Load() {
		return nil, errDisk
	}
	return f.site.List(ctx)
}

func (f *flaky) Prove(ctx context.Context, b *bundle.Bundle) error {
	if f.broken.Load() {
		return errDisk
	}
	return f.site.Prove(ctx, b)
}

func TestARoundWithoutTheStoreFailsAndTheNextGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &flaky{site: &site{targets: workstations(2)}}
		r := &road{asked: map[string]int{}, at: map[string]int{}}
		cfg := fast()
		cfg.Workstation = 10 * time.Minute
		scanner, err := scan.New(cfg, scan.Deps{
			Targets: s, Road: r, Catalogue: catalogue(t), Hosts: known{}, Intake: s, Policy: s, Evidence: s, Turns: script.NewTurns(), Log: discard(),
		})
		if err != nil {
			t.Fatal(err)
		}
		run(t, 75*time.Minute, func(ctx context.Context) error {
			done := make(chan error, 1)
			go func() { done <- scanner.Run(ctx) }()
			time.Sleep(5 * time.Minute) // one round
			s.broken.Store(true)
			time.Sleep(50 * time.Minute) // five fail
			loop := scanner.Loops()[0].Round()
			if loop.Loop != "workstation" || loop.Failed != 5 || loop.Ended.IsZero() || !strings.Contains(loop.Error, "disk I/O error") || loop.StandsStill(time.Now()) {
				t.Errorf("the loop = %+v; want five failures, and that it goes on", loop)
			}
			s.broken.Store(false)
			return <-done
		})
		states := 0
		for _, e := range s.take() {
			if e.Kind == drift.KindState && e.State.Cause == "first" {
				states++
			}
		}
		if states != 2 || r.count("t_0") != 3 {
			t.Errorf("%d first states, asked %d times; want one of each host, and three rounds", states, r.count("t_0"))
		}
		if loop := scanner.Loops()[0].Round(); loop.Error != "" || loop.Counts["answered"] != 2 || loop.Ended.IsZero() {
			t.Errorf("the loop = %+v; want that it is well again", loop)
		}
	})
}

func TestASummaryThatCouldNotBeKeptIsProvedLater(t *testing.T) {
	s := &flaky{site: &site{targets: workstations(2)}}
	scanner, err := scan.New(fast(), scan.Deps{
		Targets: s.site, Road: &road{asked: map[string]int{}, at: map[string]int{}}, Catalogue: catalogue(t), Hosts: known{}, Intake: s, Policy: s,
		Evidence: s, Turns: script.NewTurns(), Log: discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.broken.Store(true)
	sweep(t, scanner, script.Workstation)
	if len(s.bundles) != 0 {
		t.Fatal("a test's site is broken and keeps things")
	}
	s.broken.Store(false)
	sweep(t, scanner, script.Workstation)
	if len(s.bundles) != 1 || s.bundles[0].PostState["total"] != "2" {
		t.Errorf("%d bundles; want the summary of the sweep before", len(s.bundles))
	}
}

// A host that was down twice and up once begins to count anew.
func TestFailuresCountInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{targets: workstations(1)}
		down := map[string]func(context.Context) error{"t_0": func(context.Context) error { return errors.New("no route") }}
		r := &road{asked: map[string]int{}, at: map[string]int{}, how: down}
		scanner := newScanner(t, fast(), s, r, known{})
		for _, up := range []bool{true, false, false, true, false, false, true} {
			if r.how = down; up {
				r.how = nil
			}
			sweep(t, scanner, script.Workstation)
			time.Sleep(10 * time.Minute)
		}
		for _, e := range s.take() {
			for _, v := range e.Verdicts() {
				if v.Status == check.Unknown {
					t.Errorf("it became unknown: %+v", v)
				}
			}
		}
	})
}
