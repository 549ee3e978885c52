// Package attempt tries a command on a host again (DESIGN D27): what failed
// before it was sent, when the failure may pass; after that only what does no
// harm twice, because a host may have run it. Each pause is 1.5 times the one
// before, and none outlasts the context: then the failure is given at once.
package attempt

import (
	"context"
	"time"
)

// Plan is how often and how soon.
type Plan struct {
	Retries int
	Delay   time.Duration // before the first retry
	// Passes tells whether a failure may have passed by the next time.
	Passes func(error) bool
}

// Do calls once until it succeeds or the plan ends. started says that the host
// may have begun; an idempotent command is tried again all the same.
func Do[T any](ctx context.Context, p Plan, idempotent bool, once func() (out T, started bool, err error)) (T, error) {
	for tries := 0; ; tries++ {
		out, started, err := once()
		if err == nil {
			return out, nil
		}
		if tries >= p.Retries || !p.Passes(err) || started && !idempotent || !sleep(ctx, p.Delay) {
			var none T
			return none, err
		}
		p.Delay += p.Delay / 2
	}
}

// sleep waits, unless that would outlast the context.
func sleep(ctx context.Context, d time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= d {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
