//go:build !osiris_modernc

package dial

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// conn is a TCP connection whose calls block a thread each: a session has two.
// What net.TCPConn links beyond that is 85 KB (measured 2026-11-22). A deadline
// that passes ends the connection, which is all that TLS leaves of one anyway.
type conn struct {
	socket syscall.Handle

	using   sync.RWMutex // held to read while a call uses the socket
	closed  atomic.Bool
	expired atomic.Bool

	mu    sync.Mutex
	timer *time.Timer
}

// stream connects to one address. The system's connect cannot be interrupted:
// when ctx ends first it is left alone, and ends by itself within a minute.
func stream(ctx context.Context, peer syscall.Sockaddr) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var started syscall.WSAData
	if err := syscall.WSAStartup(0x202, &started); err != nil {
		return nil, err
	}
	socket, err := syscall.Socket(family(peer), syscall.SOCK_STREAM, syscall.IPPROTO_TCP)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	// No child may hold it; and what it does without these two is only slower.
	_ = syscall.SetHandleInformation(socket, syscall.HANDLE_FLAG_INHERIT, 0)
	_ = syscall.SetsockoptInt(socket, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	_ = syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)
	made := make(chan error, 1)
	go func() { made <- syscall.Connect(socket, peer) }()
	select {
	case err = <-made:
		if err == nil {
			return &conn{socket: socket}, nil
		}
		_ = syscall.Closesocket(socket) // the first error counts
		return nil, os.NewSyscallError("connect", err)
	case <-ctx.Done():
		go func() {
			<-made
			_ = syscall.Closesocket(socket) // nobody waits for it any more
		}()
		return nil, ctx.Err()
	}
}

// Read waits for bytes.
func (c *conn) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	c.using.RLock()
	var n, flags uint32
	err := c.ended(nil)
	if err == nil {
		buffer := syscall.WSABuf{Len: uint32(len(b)), Buf: &b[0]}
		err = syscall.WSARecv(c.socket, &buffer, 1, &n, &flags, nil, nil)
		if err != nil || n == 0 {
			err = c.ended(err)
		}
		if err == nil && n == 0 {
			err = io.EOF
		}
	}
	c.using.RUnlock()
	return int(n), err
}

// Write sends all of b.
func (c *conn) Write(b []byte) (int, error) {
	c.using.RLock()
	sent, err := 0, error(nil)
	for sent < len(b) && err == nil {
		if err = c.ended(nil); err == nil {
			var n uint32
			buffer := syscall.WSABuf{Len: uint32(len(b) - sent), Buf: &b[sent]}
			if err = syscall.WSASend(c.socket, &buffer, 1, &n, 0, nil, nil); err != nil {
				err = c.ended(err)
			}
			sent += int(n)
		}
	}
	c.using.RUnlock()
	return sent, err
}

// ended tells why the connection is over, if it is over by our own doing, and
// otherwise gives err.
func (c *conn) ended(err error) error {
	switch {
	case c.expired.Load():
		return os.ErrDeadlineExceeded
	case c.closed.Load():
		return net.ErrClosed
	}
	return err
}

// Close ends the calls that wait, and when none uses the socket any more gives
// it back.
func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return net.ErrClosed
	}
	c.mu.Lock()
	if c.timer != nil {
		c.timer.Stop()
	}
	c.mu.Unlock()
	c.cut()
	c.using.Lock()
	err := syscall.Closesocket(c.socket)
	c.using.Unlock()
	return err
}

// cut ends the calls that wait, and lets those that come find nothing: a call
// begun before the shutdown is cancelled, one begun after it fails.
func (c *conn) cut() {
	_ = syscall.Shutdown(c.socket, syscall.SHUT_RDWR) // fails when the peer was first
	_ = syscall.CancelIoEx(c.socket, nil)             // fails when nothing waits
}

// SetDeadline ends the connection at t; the zero time takes that back.
func (c *conn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	if c.closed.Load() {
		return net.ErrClosed
	}
	if !t.IsZero() {
		c.timer = time.AfterFunc(time.Until(t), func() {
			c.expired.Store(true)
			c.using.RLock() // or the socket may be another one by now
			if !c.closed.Load() {
				c.cut()
			}
			c.using.RUnlock()
		})
	}
	return nil
}

// SetReadDeadline is SetDeadline.
func (c *conn) SetReadDeadline(t time.Time) error { return c.SetDeadline(t) }

// SetWriteDeadline is SetDeadline.
func (c *conn) SetWriteDeadline(t time.Time) error { return c.SetDeadline(t) }
