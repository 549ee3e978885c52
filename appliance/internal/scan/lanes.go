package scan

import (
	"context"
	"sync"
	"time"
)

// patience is for how long a scan has a place among those that begin, which is
// the work: dialling, TLS, the logon, the document. What comes then is waiting, a
// connection and a few buffers, and goes aside. A host that hangs so takes from
// the others what one takes that answers, and 10 % of hung ones cost less than
// 10 % of the time (docs/scanning.md).
const patience = 100 * time.Millisecond

// lanes bound what runs at a time. A quarter of the places is for hosts that
// begin, half for those that are waited for, and a quarter for hosts that were
// slow to fail last time, so that these delay nobody but each other.
type lanes struct{ main, aside, slow chan struct{} }

func newLanes(limit int) *lanes {
	quarter := max(1, limit/4)
	return &lanes{
		main: make(chan struct{}, quarter), slow: make(chan struct{}, quarter), aside: make(chan struct{}, max(1, limit-2*quarter)),
	}
}

// enter waits for a place.
func (l *lanes) enter(ctx context.Context, slow bool) (leave func(), err error) {
	lane := l.main
	if slow {
		lane = l.slow
	}
	select {
	case lane <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if slow {
		return func() { <-l.slow }, nil
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
