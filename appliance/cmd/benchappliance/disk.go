package main

import (
	"os"
	"slices"
	"time"
)

// syncCost is the median time of appending 4 KB and syncing; 0 when it cannot
// be measured.
func syncCost(dir string) time.Duration {
	f, err := os.CreateTemp(dir, "sync-")
	if err != nil {
		return 0
	}
	defer os.Remove(f.Name()) //nolint:errcheck // throwaway
	defer f.Close()           //nolint:errcheck // throwaway
	block := make([]byte, 4096)
	costs := make([]time.Duration, 100)
	for i := range costs {
		begin := time.Now()
		if _, err := f.Write(block); err != nil {
			return 0
		}
		if err := f.Sync(); err != nil {
			return 0
		}
		costs[i] = time.Since(begin)
	}
	slices.Sort(costs)
	return costs[len(costs)/2].Round(time.Microsecond)
}
