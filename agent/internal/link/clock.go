package link

import (
	"sync"
	"time"
)

const (
	// slowest is how long the welcome may take: what it says of the time is right to
	// half of that.
	slowest = 2 * time.Second
	// toldLife is how long it counts. Clocks part by a second or two meanwhile.
	toldLife = 6 * time.Hour
)

// told is what the last welcome said of the time. It came by mutual TLS from the
// site's own appliance, which no packet of a time server does.
type told struct {
	mu     sync.Mutex
	at     time.Time // when, by the running clock
	wallMs int64     // and by the wall's
	behind int64     // milliseconds that this machine's was then
}

// keep takes what the appliance's clock was, in an answer that came after took.
func (t *told) keep(serverMs int64, took time.Duration) {
	if serverMs <= 0 || took > slowest {
		return
	}
	t.mu.Lock()
	t.at = time.Now()
	t.wallMs = t.at.UnixMilli()
	t.behind = serverMs + took.Milliseconds()/2 - t.wallMs
	t.mu.Unlock()
}

// Behind is what would have to be added to this machine's clock to have the
// appliance's, in milliseconds. Nothing is known when nothing was told for hours, or
// when the machine slept or its clock was set since: then a new session tells.
func (l *Link) Behind() (ms int64, known bool) {
	t := &l.told
	t.mu.Lock()
	at, wallMs, behind := t.at, t.wallMs, t.behind
	t.mu.Unlock()
	now := time.Now()
	ran := now.Sub(at)
	set := now.UnixMilli() - wallMs - ran.Milliseconds()
	if wallMs == 0 || ran > toldLife || max(set, -set) > wakeSlack.Milliseconds() {
		return 0, false
	}
	return behind - set, true
}
