package grpcwire

import "fmt"

// writeLoop is the only one to write to the socket, and the one to close it.
func (c *Conn) writeLoop() {
	var spare []byte
	var failed error
	c.mu.Lock()
	for {
		for len(c.out) == 0 && c.err == nil {
			c.output.Wait()
		}
		if len(c.out) == 0 {
			break
		}
		buf := c.out
		c.out = spare[:0]
		c.mu.Unlock()
		_, failed = c.nc.Write(buf)
		c.mu.Lock()
		if failed != nil {
			c.fail(fmt.Errorf("writing to peer: %w", failed))
			break
		}
		spare = nil
		if cap(buf) <= 2*maxPending {
			spare = buf
		}
		c.changed.Broadcast()
	}
	c.mu.Unlock()
	if tc := c.TLS(); tc != nil && failed != nil {
		// tls.Conn.Close would try 5 s more to say goodbye on a dead socket.
		_ = tc.NetConn().Close()
	} else {
		// The reason is in c.err; closing can add nothing that somebody could act on.
		_ = c.nc.Close()
	}
	close(c.sent)
}

// flush wakes the writer after an append to c.out; c.mu is held.
func (c *Conn) flush() { c.output.Signal() }
