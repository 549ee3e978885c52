package scan

import (
	"context"
	"sync"
	"time"
)

// patience is how long a scan holds its place while its host is silent. A host
// that hangs costs a connection and no work, so waiting for it is moved aside.
const patience = 3 * time.Second

// lanes bound what runs at a time: a main lane, and one aside for hosts that are
// slow, so that those delay nobody but each other.
type lanes struct{ main, aside chan struct{} }

func newLanes(limit int) *lanes {
	return &lanes{main: make(chan struct{}, limit), aside: make(chan struct{}, limit)}
}

// enter waits for a place. A host that hung last time waits aside from the start.
func (l *lanes) enter(ctx context.Context, slow bool) (leave func(), err error) {
	lane := l.main
	if slow {
		lane = l.aside
	}
	select {
	case lane <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if slow {
		return func() { <-l.aside }, nil
	}
	p := &place{lanes: l, lane: l.main}
	p.mu.Lock()
	p.timer = time.AfterFunc(patience, p.move)
	p.mu.Unlock()
	return p.leave, nil
}

// place is a scan's in one of the lanes.
type place struct {
	lanes *lanes
	mu    sync.Mutex
	lane  chan struct{} // nil once it left
	timer *time.Timer
}

// move goes aside if there is room, and looks again later if there is none.
func (p *place) move() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lane != p.lanes.main {
		return
	}
	select {
	case p.lanes.aside <- struct{}{}:
		p.lane = p.lanes.aside
		<-p.lanes.main
	default:
		p.timer.Reset(patience)
	}
}

func (p *place) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer.Stop()
	<-p.lane
	p.lane = nil
}
