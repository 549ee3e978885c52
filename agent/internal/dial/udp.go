//go:build !osiris_modernc && (windows || linux || darwin)

package dial

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// UDP makes a socket that talks to addr, host:port, only. The first address to
// which there is a route is taken; nothing is sent yet.
func UDP(ctx context.Context, addr string) (net.Conn, error) {
	hosts, port, err := lookUp(ctx, addr)
	if err != nil {
		return nil, err
	}
	for _, host := range hosts {
		var c net.Conn
		if c, err = new(net.Dialer).DialUDP(ctx, "udp", netip.AddrPort{}, netip.AddrPortFrom(host, port)); err == nil {
			return c, nil
		}
	}
	if err == nil {
		err = errors.New("the system knows no address")
	}
	return nil, err
}
