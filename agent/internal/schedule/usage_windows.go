package schedule

import (
	"syscall"
	"time"
	"unsafe"
)

var getProcessMemoryInfo = syscall.NewLazyDLL("kernel32.dll").NewProc("K32GetProcessMemoryInfo")

// memoryCounters is PROCESS_MEMORY_COUNTERS.
type memoryCounters struct {
	size, faults uint32
	values       [8]uintptr // the last is PeakPagefileUsage: bytes committed at most
}

// meter reads what this process has used. FILETIMEs that are durations count
// units of 100 ns (GetProcessTimes, GetProcessMemoryInfo, learn.microsoft.com,
// read 2026-11-22).
func meter() (u Usage) {
	self, _ := syscall.GetCurrentProcess() // a constant; it does not fail
	var created, exited, kernel, user syscall.Filetime
	if syscall.GetProcessTimes(self, &created, &exited, &kernel, &user) == nil {
		u.CPU = 100 * time.Duration(int64(kernel.HighDateTime)<<32+int64(kernel.LowDateTime)+int64(user.HighDateTime)<<32+int64(user.LowDateTime))
	}
	var m memoryCounters
	m.size = uint32(unsafe.Sizeof(m))
	if ok, _, _ := getProcessMemoryInfo.Call(uintptr(self), uintptr(unsafe.Pointer(&m)), uintptr(m.size)); ok != 0 {
		u.Memory = int64(m.values[7])
	}
	return u
}
