// Package schedule runs the checks and queues what they find (DESIGN D5, D33).
// Each check runs at the policy's interval, give or take its jitter, at least
// 200 ms apart; the first runs are spread, so that a site that boots together
// does not report together. A record is queued for a check's first result, for a
// change of status, actual value or severity, and when the last record is an
// hour old. The last queued verdict of each check is kept in the queue's file,
// in the same transaction, so that a restart repeats nothing and a crash loses
// nothing. A check whose runs keep going over the limits of limit.go is suspended:
// its verdict is unknown and says why and until when. So is one that ends the whole
// agent (death.go). Times are Unix milliseconds
// of the agent's clock.
package schedule

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/osiriscare/osiris/agent/internal/jitter"
	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/shared/check"
)

// Reader gives the facts of a check; it never fails and has its own time limit.
type Reader interface {
	Read(ctx context.Context, id check.ID) check.Facts
}

// Settings are the policy's.
type Settings interface {
	Interval() (interval time.Duration, jitterPercent int)
	Enabled(id check.ID) bool
	Parameters(id check.ID) check.Parameters
}

// Causes of a record, as compliance.proto lists them.
const (
	causeFirst     = "first"
	causeChange    = "change"
	causeHeartbeat = "heartbeat"
	causeHeal      = "heal"
)

const (
	// floor bounds how often a check may run, whatever the policy says.
	floor = 200 * time.Millisecond
	// spread bounds the wait for a check's first run.
	spread = 10 * time.Second
	// repeatMs is how old the last record of an unchanged verdict may get (D33).
	repeatMs = 3600 * 1000
)

// Schedule owns the host's current verdicts.
type Schedule struct {
	checks   []check.ID
	reader   Reader
	settings Settings
	queue    *queue.Queue
	log      *say.Logger
	wake     chan struct{}
	Now      bool // run every check at once at the start, without spreading
	Meter    func() Usage
	Marker   string                // file that names the check that runs (death.go); empty for none
	strikes  map[check.ID]*strikes // of the one goroutine that runs checks

	mu      sync.Mutex
	current map[check.ID]held
	due     map[check.ID]time.Time
	heal    map[check.ID]bool // re-check at once, after a heal
}

// New makes a schedule over the checks of this system and loads the verdicts
// that were queued before.
func New(checks []check.ID, reader Reader, settings Settings, q *queue.Queue, log *say.Logger) (*Schedule, error) {
	s := &Schedule{
		checks: checks, reader: reader, settings: settings, queue: q, log: log,
		wake: make(chan struct{}, 1), current: map[check.ID]held{},
		due: map[check.ID]time.Time{}, heal: map[check.ID]bool{},
		Meter: meter, strikes: map[check.ID]*strikes{},
	}
	return s, s.load()
}

// Run runs checks until ctx ends; it returns nil then.
func (s *Schedule) Run(ctx context.Context) error {
	s.recall()
	s.plan(time.Now())
	timer := time.NewTimer(0)
	for {
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		for _, id := range s.ready(time.Now()) {
			if ctx.Err() == nil {
				s.run(ctx, id)
			}
		}
		if ctx.Err() != nil {
			timer.Stop()
			return nil //nolint:nilerr // being told to end is no error
		}
		timer.Reset(s.untilNext(time.Now()))
	}
}

// Round runs every enabled check once, for measurements; not beside Run.
func (s *Schedule) Round(ctx context.Context) {
	for _, id := range s.checks {
		s.run(ctx, id)
	}
}

// Recheck runs a check at once, because a heal may have changed it.
func (s *Schedule) Recheck(id check.ID) {
	if !slices.Contains(s.checks, id) {
		return
	}
	s.mu.Lock()
	s.heal[id] = true
	s.mu.Unlock()
	s.Replan()
}

// Replan makes a changed policy count now, and not after the old interval.
func (s *Schedule) Replan() {
	select {
	case s.wake <- struct{}{}:
	default: // awake already
	}
}

// plan gives every check its first moment.
func (s *Schedule) plan(now time.Time) {
	interval, _ := s.settings.Interval()
	s.mu.Lock()
	for _, id := range s.checks {
		first := now
		if !s.Now {
			first = now.Add(jitter.Below(min(interval, spread)))
		}
		s.due[id] = first
	}
	s.mu.Unlock()
}

// pause is the time to a check's next run.
func (s *Schedule) pause() time.Duration {
	interval, percent := s.settings.Interval()
	if span := interval * time.Duration(percent) / 100; span > 0 {
		interval += jitter.Below(2*span) - span
	}
	return max(interval, floor)
}

// ready lists the checks to run now and plans their next runs. Runs that were
// missed, while the machine slept, are not made up for.
func (s *Schedule) ready(now time.Time) []check.ID {
	pause := s.pause()
	var ready []check.ID
	s.mu.Lock()
	for _, id := range s.checks {
		if latest := now.Add(pause); s.due[id].After(latest) {
			s.due[id] = latest // the policy's interval became shorter
		}
		if s.heal[id] || !s.due[id].After(now) {
			ready = append(ready, id)
			s.due[id] = now.Add(s.pause())
		}
	}
	s.mu.Unlock()
	return ready
}

func (s *Schedule) untilNext(now time.Time) time.Duration {
	next := now.Add(time.Hour)
	s.mu.Lock()
	for _, due := range s.due {
		if due.Before(next) {
			next = due
		}
	}
	if len(s.heal) > 0 {
		next = now
	}
	s.mu.Unlock()
	return max(next.Sub(now), 0)
}
