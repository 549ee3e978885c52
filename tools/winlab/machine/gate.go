package machine

import (
	"net"
	"sync"
)

// gate holds back all bytes of a machine that hangs.
type gate struct {
	mu   sync.Mutex
	open chan struct{} // closed while bytes may pass
	hung bool
}

func newGate() *gate {
	g := &gate{open: make(chan struct{})}
	close(g.open)
	return g
}

func (g *gate) set(hung bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case hung && !g.hung:
		g.open = make(chan struct{})
	case !hung && g.hung:
		close(g.open)
	}
	g.hung = hung
}

func (g *gate) wait() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

type gatedListener struct {
	net.Listener
	gate *gate
}

// Accept goes on while the machine hangs: the system accepts for it.
func (l gatedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &gatedConn{Conn: c, gate: l.gate, closed: make(chan struct{})}, nil
}

type gatedConn struct {
	net.Conn
	gate   *gate
	once   sync.Once
	closed chan struct{}
}

func (c *gatedConn) pass() error {
	select {
	case <-c.gate.wait():
		return nil
	case <-c.closed:
		return net.ErrClosed
	}
}

func (c *gatedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	// What arrived while the machine hung is seen when it wakes.
	if gone := c.pass(); gone != nil {
		return 0, gone
	}
	return n, err
}

func (c *gatedConn) Write(p []byte) (int, error) {
	if err := c.pass(); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *gatedConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}
