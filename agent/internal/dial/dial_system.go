//go:build !osiris_modernc && (windows || linux || darwin)

package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// connect connects to addr, host:port.
func connect(ctx context.Context, addr string) (net.Conn, error) {
	hosts, port, err := lookUp(ctx, addr)
	if err != nil {
		return nil, err
	}
	return addresses(ctx, hosts, port)
}

// addresses connects to the first address that answers.
func addresses(ctx context.Context, hosts []netip.Addr, port uint16) (net.Conn, error) {
	var failed error
	for i, host := range hosts {
		limited, cancel := ctx, context.CancelFunc(func() {})
		if i < len(hosts)-1 {
			limited, cancel = context.WithTimeout(ctx, each)
		}
		c, err := stream(limited, netip.AddrPortFrom(host.Unmap(), port))
		cancel()
		if err == nil {
			return c, nil
		}
		if failed = errors.Join(failed, err); ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

// lookUp gives the addresses behind host:port.
func lookUp(ctx context.Context, addr string) (hosts []netip.Addr, port uint16, err error) {
	host, port, err := split(addr)
	if err != nil {
		return nil, 0, err
	}
	if literal, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{literal}, port, nil
	}
	if hosts, err = resolve(ctx, host); err != nil {
		return nil, 0, fmt.Errorf("looking up %s: %w", host, err)
	}
	return hosts, port, nil
}

// found is a resolver's answer.
type found struct {
	hosts []netip.Addr
	err   error
}

// resolve asks the system, which cannot be interrupted: when ctx ends first the
// answer is dropped.
func resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	answer := make(chan found, 1)
	go func() {
		hosts, err := getAddrInfo(host)
		answer <- found{hosts, err}
	}()
	select {
	case f := <-answer:
		return f.hosts, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
