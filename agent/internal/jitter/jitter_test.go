package jitter_test

import (
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/jitter"
)

func TestTimesAreBelowTheLimitAndDiffer(t *testing.T) {
	for _, limit := range []time.Duration{1, 2, 3, time.Second, 100 * 365 * 24 * time.Hour} {
		seen := map[time.Duration]bool{}
		for range 100 {
			d := jitter.Below(limit)
			if d < 0 || d >= limit {
				t.Fatalf("Below(%d) = %d", limit, d)
			}
			seen[d] = true
		}
		// One value a hundred times: of two values at most once in 2^99 runs.
		if want := min(int(limit), 2); len(seen) < want {
			t.Errorf("Below(%d) gave %d values in 100; want at least %d", limit, len(seen), want)
		}
	}
}
