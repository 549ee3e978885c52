package queue

// SetWall makes another wall's clock of this process; it gives the one before.
func SetWall(ms func() int64) (before func() int64) {
	before, nowMs = nowMs, ms
	return before
}
