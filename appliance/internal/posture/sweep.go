package posture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// sweepPart is which part of the interval a sweep may take, so that the next is not
// missed because of it.
const sweepPart = 10 // all but a tenth

// remembered is for how long a device that is away is counted as that. That it is
// unknown is told until it is forgotten: the appliance may have been off for a week.
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
	if err := s.recall(ctx); err != nil {
		return err
	}
	known, err := Devices(ctx, s.Store)
	if err != nil {
		return err
	}
	found, err := s.find(limited, began)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return s.blind(ctx, known, err)
	}
	t := newTally(found)
	if found.unasked > 0 {
		t.fail(fmt.Errorf("%d of %d addresses could not be asked: %w", found.unasked, found.addresses, found.trouble))
	}
	if err := s.seen(ctx, found, began); err != nil {
		return err
	}
	s.lookAll(limited, ctx, t)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.miss(ctx, t, known)
	t.fail(s.settle(ctx, found.settled, began))
	s.finish(ctx, t, began)
	return errors.Join(t.errs...)
}

// blind ends a sweep that saw nothing. No device was seen, and after a while that is
// told of each: what is not looked at is unknown.
func (s *Scanner) blind(ctx context.Context, known []Device, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("the networks are too large for %s: %w", s.cfg.Interval, err)
	}
	s.mu.Lock()
	s.counts = nil // those of an older sweep
	s.mu.Unlock()
	t := newTally(&census{})
	s.miss(ctx, t, known)
	return errors.Join(append(t.errs, fmt.Errorf("finding devices: %w", err))...)
}

// lookAll looks at the devices, several at a time, and tells what each showed.
// telling outlives limited.
func (s *Scanner) lookAll(limited, telling context.Context, t *tally) {
	names, err := s.Names.Names(telling)
	t.fail(err)
	lanes := make(chan struct{}, s.cfg.Concurrent)
	var work sync.WaitGroup
	for _, d := range s.order(t.found.devices) {
		if telling.Err() != nil {
			break
		}
		d.also = also(d, names)
		if !enter(limited, lanes) {
			t.fail(s.leave(telling, t, d))
			continue
		}
		work.Go(func() {
			defer func() { <-lanes }()
			t.fail(s.lookAt(limited, telling, t, d))
		})
	}
	work.Wait()
}

// enter waits for a lane; false means that the time is over.
func enter(ctx context.Context, lanes chan<- struct{}) bool {
	if ctx.Err() != nil {
		return false // with both ready, select would toss a coin
	}
	select {
	case lanes <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// order puts those first that were looked at longest ago, so that a sweep whose time
// does not suffice leaves others each time. Excluded ones are left out.
func (s *Scanner) order(devices []*device) []*device {
	out, looked := make([]*device, 0, len(devices)), make(map[*device]time.Time, len(devices))
	for _, d := range devices {
		if !d.excluded {
			out, looked[d] = append(out, d), s.memory(d.Key).lookedAt()
		}
	}
	rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	slices.SortStableFunc(out, func(a, b *device) int { return looked[a].Compare(looked[b]) })
	return out
}

// lookAt looks at a device and tells what it showed.
func (s *Scanner) lookAt(limited, telling context.Context, t *tally, d *device) error {
	m := s.memory(d.Key)
	o := s.look(limited, d, m)
	if o.cut {
		return s.leave(telling, t, d)
	}
	now := time.Now()
	m.back(now)
	verdicts := append(s.judge(o), s.judgeDevice(d))
	t.add(d, o, verdicts)
	return errors.Join(s.keep(telling, d.Key, m), s.tell(telling, d.Device, m, verdicts, now, true))
}

// leave is for a device that the time did not suffice for. That it is there is told;
// what its ports show is unknown once that went on for a while.
func (s *Scanner) leave(ctx context.Context, t *tally, d *device) error {
	m, now := s.memory(d.Key), time.Now()
	verdicts := []check.Verdict{s.judgeDevice(d)}
	left := m.left()
	if left >= lostAfter {
		verdicts = append(verdicts, unlooked(left)...)
	}
	t.leave()
	t.add(d, &sight{}, verdicts)
	changed, known := m.news(verdicts)
	if !known {
		changed = verdicts
	}
	return s.tellChanges(ctx, d.Device, m, changed, now) // not as the state: that would be all there is
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
		age := now.Sub(d.Last)
		if here[d.Key] || age > forgotten || !s.asked(d) {
			continue
		}
		if age <= remembered {
			t.away++
		}
		m := s.memory(d.Key)
		if !m.miss() {
			continue
		}
		err := s.tell(ctx, d, m, unseen(d.Last), now, false)
		if t.fail(err); err == nil {
			m.gone()
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

func newTally(found *census) *tally {
	return &tally{found: found, statuses: map[check.ID]map[check.Status]int{}}
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
	t.ports += len(o.found)
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
