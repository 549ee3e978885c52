// Package score counts verdicts, one function for all screens (DESIGN D17,
// domain rule 3). Only an executed check that passed counts as pass: unknown,
// and what was last measured more than a day ago, count as unknown.
// Not-applicable verdicts are shown and not counted. Percent is passes of what
// was counted, rounded down, so that 100 means all; without anything to count it
// is -1, no data.
package score

import (
	"time"

	"github.com/osiriscare/osiris/central/internal/store"
)

// Fresh is how long a verdict counts: hosts repeat theirs hourly, so a day
// without any means that nobody knows.
const Fresh = 24 * time.Hour

// NoData is the percent when there is nothing to count.
const NoData = -1

// Score is a count of verdicts.
type Score struct {
	Pass          uint32
	Fail          uint32
	Unknown       uint32
	NotApplicable uint32
	Percent       int32
}

// Since is the oldest time that still counts at now, Unix milliseconds.
func Since(now time.Time) int64 { return now.Add(-Fresh).UnixMilli() }

// Of sums counts.
func Of(counts []store.Count) Score {
	var s Score
	for _, c := range counts {
		switch {
		case c.Status == "not_applicable":
			s.NotApplicable += c.N
		case c.Stale:
			s.Unknown += c.N
		case c.Status == "pass":
			s.Pass += c.N
		case c.Status == "fail":
			s.Fail += c.N
		default:
			s.Unknown += c.N
		}
	}
	s.Percent = NoData
	if counted := uint64(s.Pass) + uint64(s.Fail) + uint64(s.Unknown); counted > 0 {
		s.Percent = int32(uint64(s.Pass) * 100 / counted)
	}
	return s
}

// ByHost sums counts for each host.
func ByHost(counts []store.Count) map[string]Score {
	grouped := map[string][]store.Count{}
	for _, c := range counts {
		grouped[c.HostID] = append(grouped[c.HostID], c)
	}
	scores := make(map[string]Score, len(grouped))
	for host, its := range grouped {
		scores[host] = Of(its)
	}
	return scores
}
