package schedule

import (
	"syscall"
	"time"
)

// cpuTime is what this process has used. FILETIMEs that are durations count
// units of 100 ns (GetProcessTimes, learn.microsoft.com, read 2026-11-22).
func cpuTime() time.Duration {
	self, err := syscall.GetCurrentProcess()
	if err != nil {
		return 0
	}
	var created, exited, kernel, user syscall.Filetime
	if syscall.GetProcessTimes(self, &created, &exited, &kernel, &user) != nil {
		return 0
	}
	total := int64(kernel.HighDateTime)<<32 + int64(kernel.LowDateTime) + int64(user.HighDateTime)<<32 + int64(user.LowDateTime)
	return time.Duration(total * 100)
}
