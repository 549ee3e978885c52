package policy

import (
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// Bounds of the policy's own numbers: a mistyped policy must neither burn a
// core nor leave a host unwatched for days.
const (
	defaultInterval = 5 * time.Minute
	shortest        = 200 * time.Millisecond
	longest         = 24 * time.Hour
	defaultJitter   = 10 // percent
)

// Interval is the time between two runs of a check, and the share of it that is
// random, in percent.
func (p *Policy) Interval() (interval time.Duration, jitterPercent int) {
	_, held := p.held()
	if held == nil || held.CheckIntervalMs == 0 {
		return defaultInterval, defaultJitter
	}
	interval = time.Duration(held.CheckIntervalMs) * time.Millisecond
	return min(max(interval, shortest), longest), int(min(held.CheckJitterPercent, 90))
}

// Enabled tells whether the check shall run.
func (p *Policy) Enabled(id check.ID) bool {
	_, held := p.held()
	if held == nil || len(held.EnabledChecks) == 0 {
		return true
	}
	for _, enabled := range held.EnabledChecks {
		if enabled == string(id) {
			return true
		}
	}
	return false
}
