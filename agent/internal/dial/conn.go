//go:build !osiris_modernc && (windows || linux || darwin)

package dial

import (
	"net"
	"net/netip"
	"syscall"
)

// address is the peer of a connection.
type address netip.AddrPort

// Network is that of net.Addr.
func (a address) Network() string { return "tcp" }

// String is the address as host:port.
func (a address) String() string { return netip.AddrPort(a).String() }

// RemoteAddr is the peer.
func (c *conn) RemoteAddr() net.Addr { return address(c.peer) }

// LocalAddr is not known: nothing here asks for it.
func (c *conn) LocalAddr() net.Addr { return address{} }

// sockaddr is an address as system calls take it.
func sockaddr(a netip.AddrPort) syscall.Sockaddr {
	if ip := a.Addr().Unmap(); ip.Is4() {
		return &syscall.SockaddrInet4{Port: int(a.Port()), Addr: ip.As4()}
	}
	return &syscall.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}
