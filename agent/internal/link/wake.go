package link

import (
	"context"
	"errors"
	"time"
)

const (
	// wakeTick is how often the clocks are looked at. A timer goes on after a sleep
	// where it stood, so a wake is seen at most this much later.
	wakeTick = 2 * time.Second
	// wakeSlack is how late a tick of a busy machine may be. A machine that is later
	// pays with one new session.
	wakeSlack = 4 * time.Second
)

// errWoke ends a session because the machine slept or its clock was set: the
// connection is most likely dead, which PINGs would find in 30 s, and what the
// session said about the clock may be wrong (D15).
var errWoke = errors.New("the machine slept or its clock was set")

// jumped tells whether it is not about tick that passed from last to now, by the
// wall's clock or the running one. In a sleep the running clock stops on Linux
// and macOS and goes on on Windows.
func jumped(last, now time.Time, tick time.Duration) bool {
	wall := time.Duration(now.UnixNano() - last.UnixNano())
	return max(wall, now.Sub(last)) > tick+wakeSlack || wall < -wakeSlack
}

// slept waits, and tells whether the machine slept meanwhile; then it returns at
// once.
func slept(ctx context.Context, wait time.Duration) bool {
	for wait > 0 && ctx.Err() == nil {
		tick, last := min(wait, wakeTick), time.Now()
		limited, cancel := context.WithTimeout(ctx, tick)
		<-limited.Done()
		cancel()
		if jumped(last, time.Now(), tick) {
			return true
		}
		wait -= tick
	}
	return false
}
