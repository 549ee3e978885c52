package scan

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// cycle is one kind of hosts and how they are scanned.
type cycle struct {
	name     string
	kind     script.Kind
	interval time.Duration
	checks   []check.ID
	document *runbook.Document
	summary  bool
	loop     *Loop

	mu     sync.Mutex
	newest *sweep
	sweeps map[int]*sweep // that have not ended, by their number
	serial int
	told   told
}

// sweep is one that may outlast the round that began it.
type sweep struct {
	Status
	left int // scans that have not ended
}

// ended is how a scan ended.
type ended int

const (
	answered ended = iota
	failed
	missed
	watched
)

// begin starts a sweep and does not wait for it.
func (s *Scanner) begin(ctx context.Context, c *cycle) error {
	all, err := s.Targets.List(ctx)
	if err != nil {
		return fmt.Errorf("listing targets: %w", err)
	}
	var targets []script.Target
	for _, t := range all {
		if t.Kind == c.kind {
			targets = append(targets, t)
		}
	}
	rand.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
	s.forget(c.kind, targets)
	s.work.Go(func() { s.takeOver(ctx) })
	if c.underWay() {
		s.summarise(ctx, c) // at a slow site there is always one that has not ended
	}
	serial := c.start(len(targets))
	look := s.Hosts.Watched(time.Now().UnixMilli())
	for _, t := range targets {
		m := s.memory(t)
		if !m.start() {
			c.loop.missing.scan(t.Record().Hostname, whyStill, time.Now())
			s.log(ctx, c, t, missed, errStillRunning)
			s.count(ctx, c, serial, missed)
			continue
		}
		s.work.Go(func() {
			how, err := s.scan(ctx, c, t, m, look)
			m.end()
			if ctx.Err() == nil {
				s.log(ctx, c, t, how, err)
				s.count(ctx, c, serial, how)
			}
		})
	}
	if len(targets) == 0 {
		s.summarise(ctx, c)
	}
	return nil
}

// takeOver comes with each sweep: an agent may have come for a host that is no
// target any more.
func (s *Scanner) takeOver(ctx context.Context) {
	if s.Takeover == nil {
		return
	}
	if err := s.Takeover.TakeOver(ctx); err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "ending what agents took over", "error", err)
	}
}

var errStillRunning = errors.New("the scan before still runs")

// scan asks one host and tells what it said.
func (s *Scanner) scan(ctx context.Context, c *cycle, t script.Target, m *memory, look func(host.Host) string) (ended, error) {
	h, err := s.Hosts.Target(ctx, t.Record())
	if err != nil {
		return failed, err
	}
	if who := look(h); !m.ask(who, time.Now()) {
		return watched, nil
	}
	leave, err := s.lanes.enter(ctx, m.slow())
	if err != nil {
		return missed, err
	}
	defer leave()
	free, ok := s.Turns.Try(t.ID)
	if !ok {
		c.loop.missing.scan(t.Record().Hostname, whyBusy, time.Now())
		return missed, script.ErrBusy
	}
	defer free()
	limited, cancel := context.WithTimeout(ctx, s.cfg.HostDeadline)
	defer cancel()
	began := time.Now()
	reply, err := s.Road.Run(limited, t, c.document, true)
	if ctx.Err() != nil {
		return missed, ctx.Err()
	}
	now := time.Now()
	if err != nil {
		m.failed(now, now.Sub(began) > slowFailure)
		if m.lost() {
			return failed, errors.Join(err, s.tell(ctx, t, h, m, unasked(c.checks, m.since(), err), now))
		}
		return failed, err
	}
	m.answered(now)
	s.Hosts.Answered(h.ID, now.UnixMilli())
	return answered, s.tell(ctx, t, h, m, script.Judge(reply, c.checks, s.Policy.Parameters), now)
}

func (s *Scanner) log(ctx context.Context, c *cycle, t script.Target, how ended, err error) {
	switch {
	case how == missed:
		s.Log.WarnContext(ctx, "scan missed", "cycle", c.name, "target_id", t.ID, "target", t.Host, "hostname", t.Record().Hostname, "reason", err)
	case err != nil:
		s.Log.WarnContext(ctx, "scan failed", "cycle", c.name, "target_id", t.ID, "target", t.Host, "hostname", t.Record().Hostname, "error", err)
	default:
		s.Log.DebugContext(ctx, "scan ended", "cycle", c.name, "target_id", t.ID, "target", t.Host)
	}
}

// count notes how a scan of a sweep ended; the last one ends the sweep.
func (s *Scanner) count(ctx context.Context, c *cycle, serial int, how ended) {
	st, over := c.count(serial, how)
	if !over {
		return
	}
	s.Log.InfoContext(ctx, "sweep ended", "cycle", c.name, "targets", st.Targets, "answered", st.Answered, "failed", st.Failed,
		"missed", st.Missed, "watched", st.Watched, "took_ms", st.Took.Milliseconds())
	s.summarise(ctx, c)
}
