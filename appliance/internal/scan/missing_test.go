package scan_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
)

// diary is one that a test reads and writes.
type diary map[string]time.Time

func (d diary) Began(_ context.Context, loop string, at time.Time) (time.Time, error) {
	before := d[loop]
	d[loop] = at
	return before, nil
}

// gaps are the bundles on what was missed.
func (s *site) gaps() (out []*bundle.Bundle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.bundles {
		if b.Kind == bundle.KindGap {
			out = append(out, b)
		}
	}
	return out
}

// run runs something for a while.
func run(t *testing.T, length time.Duration, do func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	time.Sleep(length)
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run = %v", err)
	}
}

func TestMissedScansAreProvedOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{targets: workstations(3)}
		r := &road{asked: map[string]int{}, at: map[string]int{}, how: map[string]func(context.Context) error{"t_1": hang, "t_2": hang}}
		cfg := fast()
		cfg.Workstation, cfg.HostDeadline = 10*time.Minute, 25*time.Minute
		scanner := newScanner(t, cfg, s, r, known{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- scanner.Run(ctx) }()
		time.Sleep(3*time.Hour - 5*time.Minute)
		during := s.gaps()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := len(during); n < 2 || n > 3 {
			t.Fatalf("%d bundles in three hours of missed scans; want one an hour", n)
		}
		b := during[1]
		if b.Phase != "missed" || b.HostID != "" || b.Source != "appliance" || b.PostState["hosts"] != "2" || b.PostState["rounds"] != "0" ||
			b.PostState["cycle"] != "workstation" || !strings.Contains(b.PostState["named"], "ws1 (") || !strings.Contains(b.Gap.Reason, "the scan before still ran") {
			t.Errorf("the second bundle = %+v, gap %+v", b.PostState, b.Gap)
		}
		if b.Gap.Count < 4 || b.Gap.Count > 10 {
			t.Errorf("it counts %d scans; want those of an hour: two of three rounds of two hosts", b.Gap.Count)
		}
		if during[0].BundleID == b.BundleID {
			t.Error("two bundles have one id")
		}
		var proved uint64
		for _, b := range s.gaps() {
			proved += b.Gap.Count
		}
		if all := scanner.Loops()[0].Round().ScansMissed; all != proved || all == 0 {
			t.Errorf("%d scans were missed, %d are proved", all, proved)
		}
		if after := s.gaps(); len(after) != len(during)+1 {
			t.Errorf("%d bundles were made at the end; want the rest told", len(after)-len(during))
		}
	})
}

func TestNothingMissedIsNothingProved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{targets: workstations(3)}
		scanner := newScanner(t, fast(), s, &road{asked: map[string]int{}, at: map[string]int{}, answer: time.Second}, known{})
		run(t, 5*time.Hour, scanner.Run)
		if got := s.gaps(); len(got) != 0 {
			t.Errorf("gaps = %+v; want none", got[0])
		}
	})
}

func TestRoundsThatFailAreProved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{}
		l := scan.NewLoop("network", 10*time.Minute, func(context.Context) error { return errors.New("no network") }, discard())
		l.ProveTo(s, nil)
		l.IdleIf(func() bool { return true })
		run(t, 3*time.Hour-5*time.Minute, l.Run)
		var all uint64
		for _, b := range s.gaps() {
			all += b.Gap.Count
			if !strings.Contains(b.Gap.Reason, "the round failed") {
				t.Errorf("the reason = %q", b.Gap.Reason)
			}
		}
		if failed := l.Round().Failed; all != failed || failed == 0 || len(s.gaps()) > 4 {
			t.Errorf("%d bundles prove %d of %d rounds that failed; want all, one bundle an hour", len(s.gaps()), all, failed)
		}
	})
}

func TestALoopProvesTheRoundsThatItMissed(t *testing.T) {
	for name, tt := range map[string]struct {
		before  time.Duration // ago that the round before began; 0 for never
		takes   time.Duration
		rounds  string // in the first bundle; "" for none
		because string
	}{
		"the first round ever":                 {0, time.Second, "", ""},
		"a restart between two rounds":         {time.Minute, time.Second, "", ""},
		"a round that is late by a restart":    {14 * time.Minute, time.Second, "", ""},
		"a night without power":                {8 * time.Hour, time.Second, "47", "the appliance did not run"},
		"a clock without a battery":            {30 * 365 * 24 * time.Hour, time.Second, "1", "the clock was wrong"},
		"a clock that was set back":            {-8 * time.Hour, time.Second, "", ""},
		"a round that takes longer than a day": {time.Minute, 25 * time.Hour, "1", "the round before still ran"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, d := &site{}, diary{}
				if tt.before != 0 {
					d["directory"] = time.Now().Add(-tt.before).Round(0)
				}
				l := scan.NewLoop("directory", 10*time.Minute, func(ctx context.Context) error {
					select {
					case <-time.After(tt.takes):
					case <-ctx.Done():
					}
					return nil
				}, discard())
				l.ProveTo(s, d)
				run(t, 45*time.Minute, l.Run)
				got := s.gaps()
				if (len(got) > 0) != (tt.rounds != "") {
					t.Fatalf("%d bundles were made; want some: %v", len(got), tt.rounds != "")
				}
				if len(got) == 0 {
					return
				}
				if diff := cmp.Diff(tt.rounds, got[0].PostState["rounds"]); diff != "" || !strings.Contains(got[0].Gap.Reason, tt.because) {
					t.Errorf("rounds (-want +got):\n%sthe reason is %q", diff, got[0].Gap.Reason)
				}
				if time.Since(d["directory"]) > 46*time.Minute {
					t.Errorf("the diary says %s; want the newest round", d["directory"])
				}
			})
		})
	}
}

func TestWhatNobodyWasThereToBeAskedIsNotMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{}
		scanner, err := scan.New(fast(), scan.Deps{
			Targets: s, Road: &road{}, Catalogue: catalogue(t), Hosts: known{}, Intake: s, Policy: s, Evidence: s,
			Diary: diary{"workstation": time.Now().Add(-8 * time.Hour)}, Log: discard(),
		})
		if err != nil {
			t.Fatal(err)
		}
		run(t, time.Hour, scanner.Run)
		if got := s.gaps(); len(got) != 0 {
			t.Errorf("a site without workstations missed %+v", got[0].Gap)
		}
	})
}

func TestTheDiaryOutlivesTheProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	at := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	for n, want := range []time.Time{{}, at, at.Add(time.Minute)} {
		st, err := store.Open(t.Context(), path, scan.Schema)
		if err != nil {
			t.Fatal(err)
		}
		before, err := scan.Prover{Store: st}.Began(t.Context(), "windows", at.Add(time.Duration(n)*time.Minute))
		if err != nil || !before.Equal(want) {
			t.Errorf("opened %d times, the round before began %s, %v; want %s", n+1, before, err, want)
		}
		if other, err := (scan.Prover{Store: st}).Began(t.Context(), "linux", at); err != nil || other.IsZero() != (n == 0) {
			t.Errorf("the other loop's = %s, %v", other, err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
