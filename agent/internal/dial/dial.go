// Package dial opens a TCP connection, or a UDP socket, to a host:port. Names are resolved by the
// system's getaddrinfo, called directly in its own library: net.Dialer also links
// Go's own resolver, 260 KB that would never run (measured 2026-11-22). Builds
// that may not load a library (tag osiris_modernc) use net.Dialer. Addresses are
// tried one after the other in the system's order, each for a share of the time.
// A host that begins with _ names a DNS record of type SRV, and port 0 its ports.
// Errors name the address. Layouts: netdb.h of glibc and macOS, ws2tcpip.h.
package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/osiriscare/osiris/agent/internal/discover"
)

// each is how long one address may take while others wait: a connection that
// needs longer is no use for a session.
const each = 5 * time.Second

// TCP connects to addr, host:port.
func TCP(ctx context.Context, addr string) (net.Conn, error) {
	if !strings.HasPrefix(addr, "_") {
		return connect(ctx, addr)
	}
	name, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	targets, err := discover.Targets(ctx, name)
	for i, target := range targets {
		if host, _, _ := net.SplitHostPort(target); port != "0" {
			target = net.JoinHostPort(host, port)
		}
		limited, cancel := ctx, context.CancelFunc(func() {})
		if i < len(targets)-1 {
			limited, cancel = context.WithTimeout(ctx, each)
		}
		c, failed := connect(limited, target)
		cancel()
		if failed == nil {
			return c, nil
		}
		err = errors.Join(err, fmt.Errorf("dialling %s: %w", target, failed))
	}
	return nil, err
}

// split reads host:port.
func split(addr string) (host string, port uint16, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("reading port of %s: %w", addr, err)
	}
	return host, uint16(n), nil
}
