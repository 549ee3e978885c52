package link

import (
	"errors"
	"time"

	"github.com/osiriscare/osiris/agent/internal/jitter"
)

const (
	firstPause   = 200 * time.Millisecond
	longestPause = time.Minute
	// settled is how long a session in which no record was acknowledged must have
	// lived to count as a success; with less, an appliance that welcomes and hangs
	// up would be called in a loop.
	settled = time.Second
	// againLimit is how often in a row a session may be opened anew at once.
	againLimit = 3
)

// pause is the wait between two sessions: it doubles, with jitter, so that a site
// does not call its appliance in step.
type pause struct {
	failures int
	again    int
}

// next is the wait after a session that ended with err; success starts the
// doubling anew. asked is what the appliance wants, 0 for nothing; it is honoured
// up to the longest pause.
func (p *pause) next(err error, success bool, asked time.Duration) time.Duration {
	if errors.Is(err, errWoke) {
		p.failures, p.again = 0, 0 // what went wrong before the sleep says nothing now
	}
	if errors.Is(err, errAgain) && p.again < againLimit {
		p.again++
		return 0
	}
	if success {
		p.failures, p.again = 0, 0
	}
	wait := longestPause
	if p.failures < 9 { // 200 ms doubled nine times is over the longest
		wait = min(firstPause<<p.failures, longestPause)
		p.failures++
	}
	wait = max(wait, min(asked, longestPause))
	return wait/2 + jitter.Below(wait/2+1)
}
