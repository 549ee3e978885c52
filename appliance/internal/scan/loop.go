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

// lastWords is how long a loop that ends may take to tell what it missed.
const lastWords = 2 * time.Second

// mostAway is for how long an appliance may have been off. A round before that was
// noted by a clock that was wrong: without a battery it begins years ago.
const mostAway = 366 * 24 * time.Hour

// Diary remembers over restarts when a loop began its newest round.
type Diary interface {
	// Began notes a round and gives when the one before began, zero if none did.
	Began(ctx context.Context, loop string, at time.Time) (before time.Time, err error)
}

// Loop runs something at an interval. A round that is due while the one before
// still runs is missed: logged, counted and proved, not queued.
type Loop struct {
	name     string
	interval time.Duration
	do       func(ctx context.Context) error
	log      *slog.Logger
	amend    func(*Round) // adds what the loop does not know; may be nil
	idle     func() bool  // there was nothing to do; may be nil
	evidence Evidence     // nil for none
	diary    Diary        // nil for none
	missing  missing

	mu   sync.Mutex
	busy bool
	now  Round
}

// NewLoop makes a loop.
func NewLoop(name string, interval time.Duration, do func(ctx context.Context) error, log *slog.Logger) *Loop {
	return &Loop{name: name, interval: interval, do: do, log: log, now: Round{Loop: name, Interval: interval}}
}

// ProveTo makes what the loop misses evidence, at most once an hour; by the diary
// also what it missed while the program did not run. It comes before Run.
func (l *Loop) ProveTo(e Evidence, d Diary) { l.evidence, l.diary = e, d }

// IdleIf sets how the loop finds out that a round had nothing to do, so that nothing
// was missed either. It comes before Run.
func (l *Loop) IdleIf(idle func() bool) { l.idle = idle }

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
	defer func() {
		work.Wait()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
		defer cancel()
		l.prove(last, true)
	}()
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
			l.missing.round(1, whyRound, time.Now())
			l.log.WarnContext(ctx, "round missed", "loop", l.name, "missed", l.Missed())
			l.prove(ctx, false)
			continue
		}
		work.Go(func() { l.round(ctx) })
	}
}

// round does what the loop is for, once.
func (l *Loop) round(ctx context.Context) {
	l.remember(ctx)
	err := l.do(ctx)
	if ctx.Err() != nil {
		err = nil
	}
	if l.free(err); err != nil {
		l.log.WarnContext(ctx, "round failed", "loop", l.name, "error", err)
	}
	switch {
	case err != nil:
		l.missing.round(1, whyFailed, time.Now())
	case l.idle != nil && l.idle():
		l.missing.clear()
	}
	l.prove(ctx, false)
}

// remember notes the round, and with the first what was missed before the program
// began.
func (l *Loop) remember(ctx context.Context) {
	if l.diary == nil {
		return
	}
	r, now := l.Round(), time.Now()
	before, err := l.diary.Began(ctx, l.name, now)
	if err != nil {
		if ctx.Err() == nil {
			l.log.WarnContext(ctx, "round not noted", "loop", l.name, "error", err)
		}
		return
	}
	if r.Rounds > 1 || before.IsZero() {
		return
	}
	if now.Sub(before) > mostAway {
		l.missing.round(1, whyClock, now)
		l.log.WarnContext(ctx, "round before the start has a time that cannot be", "loop", l.name, "began", before)
		return
	}
	// One that is half an interval late was not missed.
	if n := int((now.Sub(before) - l.interval/2) / l.interval); n > 0 {
		l.missing.round(n, whyAway, before)
		l.log.WarnContext(ctx, "rounds missed before the start", "loop", l.name, "missed", n, "since", before)
	}
}

func (l *Loop) prove(ctx context.Context, last bool) {
	if l.evidence == nil {
		return
	}
	if err := l.missing.prove(ctx, l.evidence, l.name, time.Now(), last); err != nil && ctx.Err() == nil {
		l.log.WarnContext(ctx, "missed rounds not proved", "loop", l.name, "error", err)
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
