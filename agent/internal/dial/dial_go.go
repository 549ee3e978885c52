//go:build osiris_modernc || !(windows || linux || darwin)

package dial

import (
	"context"
	"net"
)

// TCP connects to addr, host:port.
func TCP(ctx context.Context, addr string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

// UDP makes a socket that talks to addr, host:port, only; nothing is sent yet.
func UDP(ctx context.Context, addr string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "udp", addr)
}
