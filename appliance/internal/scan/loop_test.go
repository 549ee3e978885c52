package scan

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

func TestALoopKeepsItsIntervalAndMissesInsteadOfQueueing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var began []time.Duration
		start := time.Now()
		slow := 0
		l := NewLoop("x", time.Minute, func(ctx context.Context) error {
			began = append(began, time.Since(start))
			if len(began) == 3 {
				slow++
				time.Sleep(150 * time.Second)
			}
			return errors.New("a round that fails is followed by another")
		}, slog.New(slog.DiscardHandler))
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		time.Sleep(4*time.Minute + 30*time.Second)
		if l.Missed() != 2 {
			t.Errorf("%d rounds are missed while the third lasts; want 2", l.Missed())
		}
		time.Sleep(6 * time.Minute)
		cancel()
		if err := <-done; err != nil || slow != 1 {
			t.Errorf("Run = %v", err)
		}
		if len(began) < 8 || len(began) > 9 {
			t.Fatalf("%d rounds began; want 8 or 9 of 10 to 11", len(began))
		}
		if began[0] > 3*time.Second {
			t.Errorf("the first began after %s; want a twentieth of the interval at most", began[0])
		}
		for n, at := range began[1:3] {
			if pause := at - began[n]; pause < 57*time.Second || pause > 63*time.Second {
				t.Errorf("round %d began %s after the one before; want a minute, a twentieth off", n+1, pause)
			}
		}
	})
}

func TestALoopWaitsForItsLastRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := false
		l := NewLoop("x", time.Minute, func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			ended = true
			return ctx.Err()
		}, slog.New(slog.DiscardHandler))
		go func() { time.Sleep(10 * time.Second); cancel() }()
		if err := l.Run(ctx); err != nil || !ended {
			t.Errorf("Run = %v, ended %t", err, ended)
		}
	})
}

func TestWhatIsWaitedForGoesAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLanes(16) // 4 begin, 8 are waited for, 4 are known to be slow
		for range 8 {
			go func() {
				leave, err := l.enter(t.Context(), false)
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Minute)
				leave()
			}()
		}
		synctest.Wait()
		time.Sleep(2*patience + time.Millisecond)
		if len(l.main) != 0 || len(l.aside) != 8 {
			t.Errorf("%d begin and %d are waited for; want 0 and 8", len(l.main), len(l.aside))
		}
		began := time.Now()
		for range 100 {
			leave, err := l.enter(t.Context(), false)
			if err != nil {
				t.Fatal(err)
			}
			leave()
		}
		if time.Since(began) != 0 {
			t.Errorf("100 more waited %s; want that they do not", time.Since(began))
		}
		time.Sleep(2 * time.Minute)
		if len(l.main)+len(l.aside)+len(l.slow) != 0 {
			t.Errorf("%d, %d and %d places are taken when all left", len(l.main), len(l.aside), len(l.slow))
		}
	})
}

func TestKnownSlowHostsWaitForEachOtherOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLanes(4)
		ctx, cancel := context.WithCancel(t.Context())
		slow, err := l.enter(ctx, true)
		if err != nil {
			t.Fatal(err)
		}
		other, err := l.enter(ctx, false)
		if err != nil {
			t.Fatal(err)
		}
		other()
		cancel()
		if _, err := l.enter(ctx, true); !errors.Is(err, context.Canceled) {
			t.Errorf("a second slow one = %v; want that it waited until ctx ended", err)
		}
		slow()
	})
}

func TestALoopTellsHowItGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		rounds := 0
		l := NewLoop("x", time.Minute, func(context.Context) error {
			rounds++
			switch rounds {
			case 1:
				return errors.New("nobody answers")
			case 2:
				time.Sleep(150 * time.Second)
			}
			return nil
		}, slog.New(slog.DiscardHandler))
		if r := l.Round(); !r.Since.IsZero() || r.Loop != "x" || r.Interval != time.Minute || r.StandsStill(time.Now().Add(time.Hour)) {
			t.Errorf("before it runs = %+v; want that it does not run, and so does not stand still", r)
		}
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		time.Sleep(30 * time.Second)
		if r := l.Round(); r.Since.IsZero() || r.Rounds != 1 || r.Failed != 1 || r.Error != "nobody answers" || r.Ended.IsZero() || r.StandsStill(time.Now()) {
			t.Errorf("after the first round = %+v; want one that failed", r)
		}
		if r := l.Round(); r.StandsStill(r.Began.Add(3*time.Minute)) || !r.StandsStill(r.Began.Add(3*time.Minute+1)) {
			t.Error("it must stand still after three intervals without a round, and not before")
		}
		time.Sleep(2*time.Minute + 45*time.Second)
		if r := l.Round(); r.Missed != 2 || r.MissedAll != 2 || r.Rounds != 2 || !r.Ended.IsZero() || r.Error != "nobody answers" {
			t.Errorf("while the second lasts = %+v; want two missed", r)
		}
		time.Sleep(time.Minute)
		if r := l.Round(); r.Missed != 0 || r.MissedAll != 2 || r.Rounds < 3 || r.Error != "" || r.Failed != 1 {
			t.Errorf("after the third = %+v; want none missed in a row and two in all", r)
		}
		cancel()
		if err := <-done; err != nil || !l.Round().Since.IsZero() {
			t.Errorf("Run = %v, since %v; want that it ended", err, l.Round().Since)
		}
	})
}
