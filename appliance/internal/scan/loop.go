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

	mu     sync.Mutex
	busy   bool
	missed int
}

// NewLoop makes a loop.
func NewLoop(name string, interval time.Duration, do func(ctx context.Context) error, log *slog.Logger) *Loop {
	return &Loop{name: name, interval: interval, do: do, log: log}
}

// Missed counts the rounds that did not happen since the last that did.
func (l *Loop) Missed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.missed
}

// Run runs rounds until ctx ends, the first within a twentieth of the interval,
// and waits for the one under way.
func (l *Loop) Run(ctx context.Context) error {
	var work sync.WaitGroup
	defer work.Wait()
	next := time.NewTimer(rand.N(l.interval/jitter + 1))
	defer next.Stop()
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
			defer l.free()
			if err := l.do(ctx); err != nil && ctx.Err() == nil {
				l.log.WarnContext(ctx, "round failed", "loop", l.name, "error", err)
			}
		})
	}
}

func (l *Loop) take() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy {
		l.missed++
		return false
	}
	l.busy, l.missed = true, 0
	return true
}

func (l *Loop) free() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = false
}
