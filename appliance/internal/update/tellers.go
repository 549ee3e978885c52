package update

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What one agent may tell of updates: an honest one tells a few things a day, and
// what is left out it tells again with its next question.
const (
	tellEvery = 10 * time.Minute
	tellBurst = 16
	// mostTellers bounds the table; a full one is forgotten.
	mostTellers = 16384
)

// errFlood means that an agent tells more than is kept.
var errFlood = errors.New("more than an agent may tell")

// tellers bounds the evidence that agents can make.
type tellers struct {
	mu   sync.Mutex
	seen map[string]*rate.Limiter
}

func (t *tellers) allow(agentID string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.seen[agentID]
	if l == nil {
		if t.seen == nil || len(t.seen) >= mostTellers {
			t.seen = map[string]*rate.Limiter{}
		}
		l = rate.NewLimiter(rate.Every(tellEvery), tellBurst)
		t.seen[agentID] = l
	}
	return l.AllowN(now, 1)
}
