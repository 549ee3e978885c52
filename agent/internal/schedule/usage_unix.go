//go:build unix

package schedule

import (
	"runtime"
	"syscall"
	"time"
)

// meter reads what this process and the children it waited for have used. The
// peak is in KB, on macOS in bytes (getrusage(2), read 2026-11-22).
func meter() Usage {
	var self, children syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &self)                                                                                                 // fails for a bad argument only
	_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children)                                                                                         // likewise
	u := Usage{CPU: time.Duration(self.Utime.Nano() + self.Stime.Nano() + children.Utime.Nano() + children.Stime.Nano()), Memory: int64(self.Maxrss)} //nolint:unconvert // int32 on some systems
	if runtime.GOOS != "darwin" {
		u.Memory <<= 10
	}
	return u
}
