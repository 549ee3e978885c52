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

// jumped tells whether more time passed between two ticks than a tick takes, by
// the wall's clock or the running one, or the wall's was set back. In a sleep the
// running clock stops on Linux and macOS and goes on on Windows.
func jumped(wall, running time.Duration) bool {
	return max(wall, running) > wakeTick+wakeSlack || wall < -wakeSlack
}

// watch reports jumps until ctx ends.
func (l *Link) watch(ctx context.Context) {
	ticker := time.NewTicker(wakeTick)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := time.Now()
		wall, running := now.Round(0).Sub(last.Round(0)), now.Sub(last)
		if last = now; !jumped(wall, running) {
			continue
		}
		l.Log.Info("woke up", "wall_clock", wall, "running_clock", running)
		select {
		case l.woke <- struct{}{}:
		default: // told already
		}
	}
}
