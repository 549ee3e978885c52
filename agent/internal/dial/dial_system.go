//go:build !osiris_modernc && (windows || linux || darwin)

package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// connect connects to addr, host:port.
func connect(ctx context.Context, addr string) (net.Conn, error) {
	peers, err := lookUp(ctx, addr)
	if err != nil {
		return nil, err
	}
	return addresses(ctx, peers)
}

// addresses connects to the first address that answers.
func addresses(ctx context.Context, peers []syscall.Sockaddr) (net.Conn, error) {
	var failed error
	for i, peer := range peers {
		limited, cancel := ctx, context.CancelFunc(func() {})
		if i < len(peers)-1 {
			limited, cancel = context.WithTimeout(ctx, each)
		}
		c, err := stream(limited, peer)
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
func lookUp(ctx context.Context, addr string) ([]syscall.Sockaddr, error) {
	host, port, err := split(addr)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if literal, err := netip.ParseAddr(host); err == nil {
		return []syscall.Sockaddr{endpoint(literal, port)}, nil
	}
	peers, err := resolve(ctx, host, port)
	if err != nil {
		return nil, fmt.Errorf("looking up %s: %w", host, err)
	}
	return peers, nil
}

// found is a resolver's answer.
type found struct {
	peers []syscall.Sockaddr
	err   error
}

// resolve asks the system, which cannot be interrupted: when ctx ends first the
// answer is dropped.
func resolve(ctx context.Context, host string, port uint16) ([]syscall.Sockaddr, error) {
	answer := make(chan found, 1)
	go func() {
		peers, err := getAddrInfo(host, port)
		answer <- found{peers, err}
	}()
	select {
	case f := <-answer:
		return f.peers, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
