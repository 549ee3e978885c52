package posture

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// sweepPart is which part of the interval a sweep may take, so that the next is not
// missed because of it.
const sweepPart = 10 // all but a tenth

// remembered is for how long a device that is away is told to be.
const remembered = 7 * 24 * time.Hour

// tally is what a sweep came to.
type tally struct {
	mu         sync.Mutex
	found      *census
	new, away  int
	unfinished int // devices of which not everything was learned
	unlooked   int // devices that the time did not suffice for
	ports      int // open ones
	statuses   map[check.ID]map[check.Status]int
	errs       []error
}

// Sweep looks at the whole network once and tells what it saw.
func (s *Scanner) Sweep(ctx context.Context) error {
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, s.cfg.Interval-s.cfg.Interval/sweepPart)
	defer cancel()
	s.dial.made.Store(0)
	found, err := s.find(limited, began)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("finding devices: the networks are too large for %s: %w", s.cfg.Interval, err)
	case err != nil:
		return fmt.Errorf("finding devices: %w", err)
	}
	t := &tally{found: found, statuses: map[check.ID]map[check.Status]int{}}
	known, err := Devices(ctx, s.Store)
	if err != nil {
		return err
	}
	if err := s.seen(ctx, found.devices, began); err != nil {
		return err
	}
	s.lookAll(limited, ctx, t)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.miss(ctx, t, known)
	if t.unlooked == 0 {
		t.fail(s.settle(ctx, began))
	}
	s.finish(ctx, t, began)
	return errors.Join(t.errs...)
}

// lookAll looks at the devices, several at a time, and tells what each showed.
// telling outlives limited.
func (s *Scanner) lookAll(limited, telling context.Context, t *tally) {
	names, err := s.Names.Names(telling)
	t.fail(err)
	lanes := make(chan struct{}, s.cfg.Concurrent)
	var work sync.WaitGroup
	for _, d := range t.found.devices {
		if d.excluded {
			continue
		}
		select {
		case lanes <- struct{}{}:
		case <-limited.Done():
			t.leave()
			continue
		}
		work.Go(func() {
			defer func() { <-lanes }()
			m := s.memory(d.Key)
			m.back()
			o := s.look(limited, d, m)
			if telling.Err() != nil {
				return
			}
			now := time.Now()
			verdicts := s.judge(d, o, also(d, names))
			t.add(d, o, verdicts)
			d.Last = now
			t.fail(s.tell(telling, d.Device, m, verdicts, now))
		})
	}
	work.Wait()
}

// also names the target whose address a device has now, if it is but one.
func also(d *device, names map[netip.Addr]string) (name string) {
	for _, a := range d.Addresses {
		switch n := names[a]; {
		case n == "" || n == name:
		case name != "":
			return ""
		default:
			name = n
		}
	}
	return name
}

// miss tells of devices that were there lately and are not.
func (s *Scanner) miss(ctx context.Context, t *tally, known []Device) {
	here := map[string]bool{}
	for _, d := range t.found.devices {
		here[d.Key] = true
	}
	now := time.Now()
	for _, d := range known {
		if here[d.Key] || now.Sub(d.Last) > remembered || !s.asked(d) {
			continue
		}
		t.away++
		m := s.memory(d.Key)
		if m.miss() == lostAfter {
			t.fail(s.tell(ctx, d, m, unseen(d.Last), now))
		}
	}
}

// asked tells whether a device is one that a sweep would have seen.
func (s *Scanner) asked(d Device) bool {
	if s.cfg.Exclude.Device(d.MAC, d.Vendor) {
		return false
	}
	for _, a := range d.Addresses {
		if s.cfg.Exclude.Address(a) {
			continue
		}
		for _, r := range s.cfg.Ranges {
			if r.Contains(a) {
				return true
			}
		}
	}
	return false
}

func (t *tally) fail(err error) {
	if err != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.errs = append(t.errs, err)
	}
}

func (t *tally) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unlooked++
}

func (t *tally) add(d *device, o *sight, verdicts []check.Verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ports += len(o.listens)
	if len(o.unfinished) > 0 {
		t.unfinished++
	}
	if d.New() {
		t.new++
	}
	for _, v := range verdicts {
		if t.statuses[v.Check] == nil {
			t.statuses[v.Check] = map[check.Status]int{}
		}
		t.statuses[v.Check][v.Status]++
	}
}
