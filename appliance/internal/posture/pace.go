package posture

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// pace lets one through after the other, an interval apart on average and never
// closer than half of it: there is no burst, not even after a rest.
type pace struct {
	every time.Duration

	mu   sync.Mutex
	next time.Time
}

func newPace(every time.Duration) *pace { return &pace{every: every} }

// wait returns when it is the caller's turn.
func (p *pace) wait(ctx context.Context) error {
	p.mu.Lock()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	turn := p.next.Sub(now)
	p.next = p.next.Add(p.every/2 + rand.N(p.every+1))
	p.mu.Unlock()
	return sleep(ctx, turn)
}
