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
	out := c.now
	out.Cycle, out.Interval = c.name, c.interval
	return out
}

// start begins the count of a sweep and gives its number.
func (c *cycle) start(targets int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.serial++
	c.now, c.left = Status{Began: now, Targets: targets}, targets
	if targets == 0 {
		c.now.Ended = now
	}
	return c.serial
}

// count is true when the sweep has ended by this. Scans of an older sweep do not
// count any more: the newer one has counted them as missed.
func (c *cycle) count(serial int, how ended) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if serial != c.serial {
		return false
	}
	switch how {
	case answered:
		c.now.Answered++
	case failed:
		c.now.Failed++
	case missed:
		c.now.Missed++
	case watched:
		c.now.Watched++
	}
	c.left--
	if c.left > 0 {
		return false
	}
	c.now.Ended = time.Now()
	c.now.Took = c.now.Ended.Sub(c.now.Began)
	return true
}
