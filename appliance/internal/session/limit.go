package session

import (
	"net"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// callers bounds how often one address may try to enrol, and how much one agent
// may report by calls of their own. An attempt to enrol costs us a signature
// check and a stranger nothing.
type callers struct {
	perSec rate.Limit
	burst  int

	mu   sync.Mutex
	seen map[string]*rate.Limiter
}

// maxCallers bounds the table; a full one is forgotten, which costs an attacker
// with so many addresses less than it costs us to remember them.
const maxCallers = 4096

func newCallers(perSec rate.Limit, burst int) *callers {
	return &callers{perSec: perSec, burst: burst, seen: map[string]*rate.Limiter{}}
}

func (c *callers) allow(addr net.Addr) bool {
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		host = addr.String()
	}
	return c.limiter(host).AllowN(time.Now(), 1)
}

func (c *callers) limiter(who string) *rate.Limiter {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.seen[who]
	if l == nil {
		if len(c.seen) >= maxCallers {
			clear(c.seen)
		}
		l = rate.NewLimiter(c.perSec, c.burst)
		c.seen[who] = l
	}
	return l
}

// otherFiles are what the rest of the appliance may have open: databases, the
// sensors' 512 connections, exports. A process with few gets half of them.
const otherFiles = 1024

// within is the connections that a process with so many files may take.
func within(files uint64) int {
	if files >= maxConns+otherFiles {
		return maxConns
	}
	return int(max(files/2, files-min(files, otherFiles))) //nolint:gosec // below maxConns+otherFiles
}

// limited stops accepting while n connections are open.
func limited(l net.Listener, n int) net.Listener {
	return &limitedListener{Listener: l, free: make(chan struct{}, n), closed: make(chan struct{})}
}

type limitedListener struct {
	net.Listener
	free   chan struct{}
	closed chan struct{}
	once   sync.Once
}

// Accept waits for a free place first.
func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.free <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &limitedConn{Conn: c, done: func() { <-l.free }}, nil
}

// Close ends a waiting Accept too.
func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type limitedConn struct {
	net.Conn
	once sync.Once
	done func()
}

// Close gives the place back once.
func (c *limitedConn) Close() error {
	c.once.Do(c.done)
	return c.Conn.Close()
}

// brief ends a connection after a while, whatever it is doing: a call that is
// never finished would hold a place for ever, and a stranger owns nothing here
// that takes longer.
func brief(c net.Conn, life time.Duration) net.Conn {
	return &briefConn{Conn: c, end: time.AfterFunc(life, func() { _ = c.Close() })} // its reader reports
}

type briefConn struct {
	net.Conn
	end *time.Timer
}

// Close ends the timer too.
func (c *briefConn) Close() error {
	c.end.Stop()
	return c.Conn.Close()
}
