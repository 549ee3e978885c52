package link

import "time"

// SetPostsLife makes sessions of posts shorter.
func (l *Link) SetPostsLife(d time.Duration) { l.postsLife = d }

// LostFor makes it as if the last session had ended so long ago; 0 means that one
// is open.
func (l *Link) LostFor(d time.Duration) {
	l.began = time.Now().Add(-d - time.Second)
	l.away.Store(int64(time.Second))
	if d == 0 {
		l.away.Store(0)
	}
}

// Tell is a welcome.
func Tell(l *Link, serverMs int64, took time.Duration) { l.told.keep(serverMs, took) }

// Slept makes it as if the machine had slept so long, or its clock had been set.
func Slept(l *Link, d time.Duration) { l.told.wallMs -= d.Milliseconds() }
