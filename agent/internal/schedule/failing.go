package schedule

import "github.com/osiriscare/osiris/shared/check"

// Failing tells whether the current verdict of a check is a failure.
func (s *Schedule) Failing(id check.ID) bool {
	s.mu.Lock()
	h, ok := s.current[id]
	s.mu.Unlock()
	return ok && h.verdict.Status == uint64(check.Fail)
}
