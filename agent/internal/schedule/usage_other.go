//go:build !unix && !windows

package schedule

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }
