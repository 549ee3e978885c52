//go:build unix

package session

import "syscall"

// places is how many connections to take: with fewer descriptors than maxConns
// strangers could otherwise take the last one, and databases and the other
// ports need some (seen 2026-11-22).
func places() int {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return maxConns
	}
	return within(uint64(files.Cur)) //nolint:unconvert // int64 on some systems
}
