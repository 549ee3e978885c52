package schedule

import (
	"os"

	"github.com/osiriscare/osiris/shared/check"
)

// A check that calls the system may end the whole agent: a fault in somebody
// else's library is no panic of ours. Whoever starts it again must not run into the
// same wall for ever, with nobody told. So a file names the check that runs, with
// deathAgain when the agent ended in its last run too. Only two ends in a row
// count: one may be a switched-off computer.
const deathAgain = '+'

// mark notes which check runs, or that none does. It is not synced: what counts is
// the end of a process. A disk that is full suspends nothing.
func (s *Schedule) mark(id check.ID, st *strikes) {
	if s.Marker == "" {
		return
	}
	text := []byte(id)
	if st != nil && st.inARow > 0 {
		text = append(text, deathAgain)
	}
	_ = os.WriteFile(s.Marker, text, 0o600) // nothing better can be done about it
}

// recall suspends, after a start, what was suspended before and what ended the
// agent. What is left of an earlier suspension is not known; the shortest begins.
func (s *Schedule) recall() {
	for id, h := range s.current {
		if h.verdict.Actual == actualSuspended {
			s.struck(string(id)).suspend(0, "it was suspended when the agent started")
		}
	}
	if s.Marker == "" {
		return
	}
	raw, err := os.ReadFile(s.Marker)
	if err != nil || len(raw) == 0 {
		return
	}
	last := len(raw) - 1
	if raw[last] != deathAgain {
		s.struck(string(raw))
		return
	}
	s.struck(string(raw[:last])).suspend(longestSuspension, "the agent ended twice while it ran")
}

func (s *Schedule) struck(name string) *strikes {
	st := &strikes{inARow: 1}
	s.strikes[check.ID(name)] = st
	return st
}
