//go:build osiris_modernc || !(windows || linux || darwin)

package dial

import (
	"context"
	"net"
	"time"
)

// connect connects to addr, host:port.
func connect(ctx context.Context, addr string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

// UDP makes a socket that talks to addr, host:port, only; nothing is sent yet. It
// can be read for the time of wait.
func UDP(ctx context.Context, addr string, wait time.Duration) (*Datagram, error) {
	c, err := new(net.Dialer).DialContext(ctx, "udp", addr)
	if err != nil {
		return nil, err
	}
	if err := c.SetDeadline(time.Now().Add(wait)); err != nil {
		c.Close() //nolint:errcheck,gosec // the first error counts
		return nil, err
	}
	return &Datagram{c}, nil
}

// Datagram is a UDP socket with one peer.
type Datagram struct{ net.Conn }
