// Package clock says how far the appliance's own clock can be trusted, so that
// each bundle can state it. It reads what the kernel knows from whatever
// disciplines the clock (adjtimex(2), read 2026-11-22): no packet is sent, no
// privilege needed. Offsets and errors are milliseconds. On a system where the
// kernel does not say, Reading is nil, which a bundle writes as null: not
// measured is not the same as wrong.
package clock

import (
	"sync"
	"time"
)

// Reading is the state of the clock at a time.
type Reading struct {
	Synchronised bool    // a time source keeps the clock
	OffsetMs     float64 // still to be corrected
	MaxErrorMs   float64 // the most that the clock can be off, as the kernel reckons
	MeasuredAt   time.Time
}

// keep is how long a reading is used: the kernel's figures move slowly, and a
// storm of bundles should not ask for each.
const keep = 10 * time.Second

// Clock reads the state of the system's clock.
type Clock struct {
	mu   sync.Mutex
	last *Reading
	read func() (status, error) // nil error only if the kernel says
}

// New makes a Clock of the system.
func New() *Clock { return &Clock{read: system} }

// Reading is the state now or a few seconds ago; nil if it cannot be had.
func (c *Clock) Reading() *Reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.last != nil {
		if age := now.Sub(c.last.MeasuredAt); age >= 0 && age < keep {
			return c.last
		}
	}
	s, err := c.read()
	if err != nil {
		c.last = nil
		return nil
	}
	c.last = s.reading(now)
	return c.last
}

// status is what adjtimex gives, as far as it is used.
type status struct {
	state    int   // return value: 5 is TIME_ERROR
	flags    int32 // status word
	offset   int64 // microseconds, or nanoseconds with flagNano
	maxError int64 // microseconds
}

// Values of linux/timex.h.
const (
	timeError    = 5
	flagUnsynced = 0x0040
	flagNano     = 0x2000
)

func (s status) reading(at time.Time) *Reading {
	perMs := 1e3
	if s.flags&flagNano != 0 {
		perMs = 1e6
	}
	return &Reading{
		Synchronised: s.state != timeError && s.flags&flagUnsynced == 0,
		OffsetMs:     float64(s.offset) / perMs,
		MaxErrorMs:   float64(s.maxError) / 1e3,
		MeasuredAt:   at,
	}
}
