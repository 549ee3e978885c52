package scan

import "time"

// Round is how a loop goes. Counters begin with the program.
type Round struct {
	Loop     string
	Interval time.Duration
	// Since is when the loop began to run; zero while it does not.
	Since time.Time
	// Began and Ended are the newest round's; Ended is zero while it goes on, both
	// are before the first.
	Began, Ended time.Time
	Rounds       uint64
	// Missed rounds in a row, and in all.
	Missed    int
	MissedAll uint64
	// ScansMissed are hosts that a round could not begin to ask, in all.
	ScansMissed uint64
	// Failed rounds in all, and what the newest one said that ended.
	Failed uint64
	Error  string
	// Counts are hosts or devices of the newest round by state: a few constant
	// snake_case words.
	Counts map[string]int
}

// stillAfter is how many intervals without a round make a loop stand still: two
// rounds may be missed for a reason of the moment.
const stillAfter = 3

// StandsStill tells whether a loop that runs began no round for three intervals.
// A host that does not answer makes no loop stand still: rounds have deadlines.
func (r Round) StandsStill(now time.Time) bool {
	if r.Since.IsZero() || r.Interval == 0 {
		return false
	}
	last := r.Since
	if r.Began.After(last) {
		last = r.Began
	}
	return now.Sub(last) > stillAfter*r.Interval
}
