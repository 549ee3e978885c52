//go:build !osiris_modernc && (windows || linux || darwin)

package dial

import (
	"net"
	"net/netip"
	"syscall"
)

// unknown is the address of either end: nothing here asks for it, and to write
// one links 6 KB of netip.
type unknown struct{}

// Network is that of net.Addr.
func (*unknown) Network() string { return "tcp" }

// String is that of net.Addr.
func (*unknown) String() string { return "" }

// RemoteAddr is not known.
func (c *conn) RemoteAddr() net.Addr { return &unknown{} }

// LocalAddr is not known.
func (c *conn) LocalAddr() net.Addr { return &unknown{} }

// endpoint is an address as system calls take it.
func endpoint(ip netip.Addr, port uint16) syscall.Sockaddr {
	if ip = ip.Unmap(); ip.Is4() {
		return &syscall.SockaddrInet4{Port: int(port), Addr: ip.As4()}
	}
	return &syscall.SockaddrInet6{Port: int(port), Addr: ip.As16()}
}

// family is an endpoint's, as system calls take it.
func family(peer syscall.Sockaddr) int {
	if _, ok := peer.(*syscall.SockaddrInet4); ok {
		return syscall.AF_INET
	}
	return syscall.AF_INET6
}
