package schedule

import (
	"context"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// Limits of one run of a check. CPU and memory are the whole process's while the
// run lasts, with its children's CPU: checks run one at a time and the rest of
// the agent is small beside these limits. Memory is by how much the run raised
// the process's peak. It is wide because a search for updates, which Windows does
// inside our process, may run beside any check.
const (
	timeLimit   = 10 * time.Second // the probe's own too
	cpuLimit    = 5 * time.Second
	memoryLimit = 128 << 20
)

const (
	// meterEvery is how often a long run is measured while it lasts.
	meterEvery = 250 * time.Millisecond
	// strikeLimit is how many runs in a row must be over a limit: one may be a
	// machine that starts, or slept.
	strikeLimit = 2
	// A suspension ends with a run that keeps the limits; until then it doubles.
	firstSuspension   = 15 * time.Minute
	longestSuspension = 24 * time.Hour
)

// actualSuspended is the actual value of a suspended check's verdict.
const actualSuspended = "suspended"

// Usage is what a process has used so far, memory at its peak.
type Usage struct {
	CPU    time.Duration
	Memory int64
}

// strikes are a check's runs over a limit.
type strikes struct {
	inARow int
	pause  time.Duration // of the last suspension
	until  time.Time     // end of this one
	facts  check.Facts   // that stand for it
}

// read reads a check's facts within the limits. While the check is suspended it
// does not, and the facts say so; so does suspended.
func (s *Schedule) read(ctx context.Context, id check.ID) (facts check.Facts, suspended bool) {
	st := s.strikes[id]
	if st == nil {
		st = &strikes{}
		s.strikes[id] = st
	}
	if time.Now().Before(st.until) {
		return st.facts, true
	}
	limited, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	before := s.Meter()
	s.guard(limited, cancel, before)
	s.mark(id, st)
	facts = s.reader.Read(limited, id)
	s.mark("", nil)
	why := s.over(before)
	if why == "" && limited.Err() != nil {
		why = "10 seconds"
	}
	if why == "" || ctx.Err() != nil {
		st.inARow, st.pause = 0, 0
		return facts, false
	}
	if st.inARow++; st.inARow < strikeLimit && why != overMemory {
		return facts, false
	}
	pause := 2 * st.pause
	if why == overMemory {
		pause = longestSuspension // the next run raises no peak that is as high already
	}
	st.suspend(pause, "it needed more than "+why)
	return st.facts, true
}

// suspend suspends the check, for a time within bounds.
func (st *strikes) suspend(pause time.Duration, why string) {
	st.pause = min(max(pause, firstSuspension), longestSuspension)
	st.until = time.Now().Add(st.pause)
	st.facts = check.Facts{{Name: check.FactError, Value: "Suspended until " + st.until.UTC().Format(time.RFC3339) +
		", when it is tried again: " + why + "."}}
}

// guard cuts off a run that goes over a limit while it lasts; it ends with the
// run's context.
func (s *Schedule) guard(run context.Context, cut context.CancelFunc, before Usage) {
	time.AfterFunc(meterEvery, func() {
		if run.Err() != nil {
			return
		}
		if s.over(before) != "" {
			cut()
		}
		s.guard(run, cut, before)
	})
}

const overMemory = "128 MB of memory"

// over names the limit that is exceeded, or nothing.
func (s *Schedule) over(before Usage) string {
	now := s.Meter()
	if now.CPU-before.CPU > cpuLimit {
		return "5 seconds of CPU time"
	}
	if now.Memory-before.Memory > memoryLimit {
		return overMemory
	}
	return ""
}
