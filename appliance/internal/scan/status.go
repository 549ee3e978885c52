package scan

import "time"

// Status is how a cycle's newest sweep went so far.
type Status struct {
	Cycle    string
	Interval time.Duration
	Began    time.Time
	// Ended is zero while it goes on.
	Ended time.Time
	Took  time.Duration
	// Targets is the sum of the others and of those under way.
	Targets  int
	Answered int
	Failed   int
	Missed   int
	// Watched hosts have an agent or sensor and were not asked.
	Watched int
}

// Status gives the cycles' newest sweeps.
func (s *Scanner) Status() []Status {
	out := make([]Status, 0, len(s.cycles))
	for _, c := range s.cycles {
		out = append(out, c.status())
	}
	return out
}

// Loops gives the cycles that are on.
func (s *Scanner) Loops() (out []*Loop) {
	for _, c := range s.cycles {
		if c.interval > 0 {
			out = append(out, c.loop)
		}
	}
	return out
}

// amend makes the end of a round that of its sweep, which the loop only begins. A
// round that failed has none.
func (c *cycle) amend(r *Round) {
	st := c.status()
	if !st.Began.IsZero() && !st.Began.Before(r.Began) {
		r.Ended = st.Ended
	}
	r.ScansMissed = c.loop.missing.total()
	r.Counts = map[string]int{
		"targets": st.Targets, "answered": st.Answered, "failed": st.Failed, "missed": st.Missed, "watched": st.Watched,
	}
}

func (c *cycle) status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := Status{}
	if c.newest != nil {
		out = c.newest.Status
	}
	out.Cycle, out.Interval = c.name, c.interval
	return out
}

func (c *cycle) underWay() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.sweeps) > 0
}

// start begins the count of a sweep and gives its number.
func (c *cycle) start(targets int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.serial++
	c.newest = &sweep{Status: Status{Began: now, Targets: targets}, left: targets}
	if targets == 0 {
		c.newest.Ended = now
		return c.serial
	}
	if c.sweeps == nil {
		c.sweeps = map[int]*sweep{}
	}
	c.sweeps[c.serial] = c.newest
	return c.serial
}

// count notes how a scan of a sweep ended. It gives the sweep, and true when it has
// ended by this; the next one may have begun meanwhile.
func (c *cycle) count(serial int, how ended) (Status, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sweeps[serial]
	switch how {
	case answered:
		s.Answered++
	case failed:
		s.Failed++
	case missed:
		s.Missed++
	case watched:
		s.Watched++
	}
	if s.left--; s.left > 0 {
		return s.Status, false
	}
	s.Ended = time.Now()
	s.Took = s.Ended.Sub(s.Began)
	delete(c.sweeps, serial)
	return s.Status, true
}
