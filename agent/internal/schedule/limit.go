package schedule

import (
	"context"
	"runtime"
	"strconv"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// Limits of one run of a check. CPU and memory are the whole process's while the
// run lasts, with its children's CPU: checks run one at a time and the rest of
// the agent is idle, or small beside these limits. Memory is all that was
// allocated, freed or not, which is never less than what the run held. Measured
// on Linux 2026-11-22 the dearest check takes 20 ms and 1 MB.
const (
	// timeLimit is the probe's own too: a reader that reaches it hangs or starves.
	timeLimit   = 10 * time.Second
	cpuLimit    = 5 * time.Second
	memoryLimit = 64 << 20
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

// Usage is what a process has used so far.
type Usage struct {
	CPU       time.Duration
	Allocated uint64
}

// meter reads this process's.
func meter() Usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Usage{cpuTime(), m.TotalAlloc}
}

// strikes are a check's runs over a limit.
type strikes struct {
	inARow int
	pause  time.Duration // of the last suspension
	until  time.Time     // end of this one
	untilS string        // the same for people
	why    string
}

// read reads a check's facts within the limits. While the check is suspended it
// does not, and the facts say so; so does suspended.
func (s *Schedule) read(ctx context.Context, id check.ID) (facts check.Facts, suspended bool) {
	st := s.strikes[id]
	if st != nil && time.Now().Before(st.until) {
		return st.facts(), true
	}
	limited, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	before, started := s.Meter(), time.Now()
	stop := s.guard(before, cancel)
	facts = s.reader.Read(limited, id)
	stop()
	why := over(before, s.Meter(), time.Since(started))
	if why == "" || ctx.Err() != nil {
		delete(s.strikes, id)
		return facts, false
	}
	if st == nil {
		st = &strikes{}
		s.strikes[id] = st
	}
	if st.inARow++; st.inARow < strikeLimit {
		s.log.Warn("check over its limits", "check", string(id), "why", why)
		return facts, false
	}
	st.suspend(why)
	s.log.Warn("check suspended", "check", string(id), "why", why, "until", st.untilS)
	return st.facts(), true
}

func (st *strikes) suspend(why string) {
	st.pause = min(max(2*st.pause, firstSuspension), longestSuspension)
	st.until, st.why = time.Now().Add(st.pause), why
	st.untilS = st.until.UTC().Format("2006-01-02 15:04") + " UTC"
}

func (st *strikes) facts() check.Facts {
	return check.Facts{{Name: check.FactError, Value: "Suspended until " + st.untilS + ", when it is tried again: " +
		strconv.Itoa(st.inARow) + " runs in a row were over a limit, the last with " + st.why + "."}}
}

// guard cuts off a run that goes over a limit while it lasts; stop ends the
// guard.
func (s *Schedule) guard(before Usage, cut context.CancelFunc) (stop func()) {
	done := make(chan struct{})
	timer := time.AfterFunc(meterEvery, func() {
		ticker := time.NewTicker(meterEvery)
		defer ticker.Stop()
		for over(before, s.Meter(), 0) == "" {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
		}
		cut()
	})
	return func() {
		timer.Stop()
		close(done)
	}
}

// over says in words what was over a limit, or nothing.
func over(before, after Usage, took time.Duration) string {
	switch cpu, memory := after.CPU-before.CPU, after.Allocated-before.Allocated; {
	case cpu > cpuLimit:
		return cpu.Round(100*time.Millisecond).String() + " of CPU time (limit " + cpuLimit.String() + ")"
	case memory > memoryLimit:
		return strconv.FormatUint(memory>>20, 10) + " MB of memory (limit " + strconv.Itoa(memoryLimit>>20) + " MB)"
	case took >= timeLimit:
		return took.Round(100*time.Millisecond).String() + " (limit " + timeLimit.String() + ")"
	}
	return ""
}
