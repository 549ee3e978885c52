package script

import (
	"context"
	"sync"
)

// Turns lets one thing at a time run on a host, whoever starts it: a scan or a
// runbook.
type Turns struct {
	mu    sync.Mutex
	taken map[string]chan struct{} // closed when it is free
}

// NewTurns makes them.
func NewTurns() *Turns { return &Turns{taken: map[string]chan struct{}{}} }

// Try takes the turn of a target, or gives false.
func (t *Turns) Try(targetID string) (free func(), ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken[targetID] != nil {
		return nil, false
	}
	done := make(chan struct{})
	t.taken[targetID] = done
	return func() {
		t.mu.Lock()
		delete(t.taken, targetID)
		t.mu.Unlock()
		close(done)
	}, true
}

// Take waits for the turn of a target.
func (t *Turns) Take(ctx context.Context, targetID string) (free func(), err error) {
	for {
		if free, ok := t.Try(targetID); ok {
			return free, nil
		}
		t.mu.Lock()
		done := t.taken[targetID]
		t.mu.Unlock()
		if done == nil {
			continue
		}
		select {
		case <-done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
