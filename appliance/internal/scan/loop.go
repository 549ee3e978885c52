package scan

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// jitter is which part of an interval a round may come early or late, so that
// appliances that started together do not ask one domain controller together.
const jitter = 20 // a twentieth

// Loop runs something at an interval. A round that is due while the one before
// still runs is missed: logged and counted, not queued.
type Loop struct {
	name     string
	interval time.Duration
	do       func(ctx context.Context) error
	log      *slog.Logger
	amend    func(*Round) // adds what the loop does not know; may be nil

	mu   sync.Mutex
	busy bool
	now  Round
}

// NewLoop makes a loop.
func NewLoop(name string, interval time.Duration, do func(ctx context.Context) error, log *slog.Logger) *Loop {
	return &Loop{name: name, interval: interval, do: do, log: log, now: Round{Loop: name, Interval: interval}}
}

// Missed counts the rounds that did not happen since the last that did.
func (l *Loop) Missed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now.Missed
}

// Round tells how it goes.
func (l *Loop) Round() Round {
	l.mu.Lock()
	r := l.now
	l.mu.Unlock()
	if l.amend != nil {
		l.amend(&r)
	}
	return r
}

// Run runs rounds until ctx ends, the first within a twentieth of the interval,
// and waits for the one under way.
func (l *Loop) Run(ctx context.Context) error {
	var work sync.WaitGroup
	defer work.Wait()
	next := time.NewTimer(rand.N(l.interval/jitter + 1))
	defer next.Stop()
	l.runs(time.Now())
	defer l.runs(time.Time{})
	for {
		select {
		case <-next.C:
		case <-ctx.Done():
			return nil
		}
		next.Reset(l.interval - l.interval/jitter/2 + rand.N(l.interval/jitter+1))
		if !l.take() {
			l.log.WarnContext(ctx, "round missed", "loop", l.name, "missed", l.Missed())
			continue
		}
		work.Go(func() {
			err := l.do(ctx)
			if ctx.Err() != nil {
				err = nil
			}
			if l.free(err); err != nil {
				l.log.WarnContext(ctx, "round failed", "loop", l.name, "error", err)
			}
		})
	}
}

func (l *Loop) runs(since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.Since = since
}

func (l *Loop) take() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy {
		l.now.Missed++
		l.now.MissedAll++
		return false
	}
	l.busy = true
	l.now.Missed, l.now.Began, l.now.Ended = 0, time.Now(), time.Time{}
	l.now.Rounds++
	return true
}

func (l *Loop) free(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy, l.now.Ended, l.now.Error = false, time.Now(), ""
	if err != nil {
		l.now.Failed++
		l.now.Error = err.Error()
	}
}
