package sensor

import (
	"net"
	"sync"
)

// share gives each address at most n connections of l; one more is closed at
// once. Without it one machine on the network can take them all.
func share(l net.Listener, n int) net.Listener {
	return &sharedListener{Listener: l, most: n, open: map[string]int{}}
}

type sharedListener struct {
	net.Listener
	most int

	mu   sync.Mutex
	open map[string]int // connections by address; only of those with one
}

// Accept returns the next connection within its address's share.
func (l *sharedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		address := c.RemoteAddr().String()
		if host, _, err := net.SplitHostPort(address); err == nil {
			address = host
		}
		if l.take(address) {
			return &sharedConn{Conn: c, done: func() { l.give(address) }}, nil
		}
		_ = c.Close() // nothing was said on it
	}
}

func (l *sharedListener) take(address string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[address] >= l.most {
		return false
	}
	l.open[address]++
	return true
}

func (l *sharedListener) give(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[address]--; l.open[address] == 0 {
		delete(l.open, address)
	}
}

type sharedConn struct {
	net.Conn
	once sync.Once
	done func()
}

// Close gives the place back once.
func (c *sharedConn) Close() error {
	c.once.Do(c.done)
	return c.Conn.Close()
}
