//go:build !osiris_modernc && (linux || darwin)

package dial

import (
	"context"
	"net"
	"os"
	"syscall"
	"time"
)

// conn is a TCP connection on the runtime's poller, by way of os.File: what
// net.TCPConn links beyond that is 50 KB (measured 2026-11-22).
type conn struct{ *os.File }

// stream connects to one address.
func stream(ctx context.Context, peer syscall.Sockaddr) (net.Conn, error) {
	// The lock keeps a child that is started now from inheriting the socket
	// before it is marked.
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(family(peer), syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := prepare(fd); err != nil {
		return nil, closing(fd, err)
	}
	err = syscall.Connect(fd, peer)
	if err != nil && err != syscall.EINPROGRESS && err != syscall.EINTR {
		return nil, closing(fd, err)
	}
	c := &conn{os.NewFile(uintptr(fd), "tcp")}
	if err := c.wait(ctx); err != nil {
		_ = c.Close() // the first error counts
		return nil, os.NewSyscallError("connect", err)
	}
	return c, nil
}

// prepare sets what net.Dialer sets: small packets leave at once, and a peer
// that is gone is noticed although nothing is sent.
func prepare(fd int) error {
	if err := syscall.SetNonblock(fd, true); err != nil {
		return err
	}
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
		return err
	}
	return syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)
}

// wait waits until the connection is made, or refused, or ctx ends.
func (c *conn) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetWriteDeadline(time.Unix(1, 0)) }) // fails when it is closed already
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var refused error
	err = raw.Write(func(fd uintptr) bool {
		var code int
		if code, refused = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR); refused != nil {
			return true
		}
		if code != 0 {
			refused = syscall.Errno(code)
			return true
		}
		// Without a peer it is still connecting.
		_, missing := syscall.Getpeername(int(fd))
		return missing == nil
	})
	if !stop() {
		return ctx.Err()
	}
	if err == nil {
		err = refused
	}
	return err
}

func closing(fd int, err error) error {
	_ = syscall.Close(fd) // the first error counts
	return os.NewSyscallError("connect", err)
}
