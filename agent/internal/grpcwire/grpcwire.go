// Package grpcwire is the agent's gRPC client: one HTTP/2 connection to one
// appliance, unary calls and streams of bytes. It exists because grpc-go adds
// 4 MB to a binary that must stay under 5,000,000 bytes (DESIGN D19-D22);
// messages are bytes in and bytes out, the codec is the caller's.
//
// Shapes: a Conn has one reader and one writer goroutine and any number of
// Streams up to Config.MaxStreams. Sizes are bytes, times are durations, method
// names are full paths ("/compliance.v1.ComplianceAgent/Register").
//
// Errors: a call ends in io.EOF (status OK) or a *Status. A fault in HTTP/2
// itself, also one that RFC 9113 would confine to a stream, closes the
// connection with a *ProtocolError; a fault inside one gRPC answer (compressed
// or truncated message, no grpc-status, an HTTP error page) ends that call only.
// A GOAWAY ends the connection with a *GoAwayError once its calls are done.
// ErrClosed means that Close was called here.
//
// Left out on purpose: compression, retries, resolvers, interceptors and the
// server side. Sources: RFC 9113, RFC 7541 and the gRPC documents
// PROTOCOL-HTTP2.md and http-grpc-status-mapping.md (read 2026-11-22).
package grpcwire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	// connWindow is what the peer may have in flight for all calls together.
	// It is given back on arrival, so that a call nobody reads cannot stop the
	// others; memory is bounded by MaxStreams times Window instead.
	connWindow = 256 << 10
	// maxPending is where messages wait instead of piling up before the writer.
	maxPending = 64 << 10
	// maxBacklog closes the connection: only answers to the peer's own control
	// frames get past maxPending, so the peer asks and does not read.
	maxBacklog = 256 << 10
	// flushTime bounds the last write (GOAWAY) to a peer that may be gone.
	flushTime = time.Second
)

// ErrClosed is the end of a connection that was closed with Close.
var ErrClosed = errors.New("connection closed")

// Conn is one connection. Its methods may be called from any goroutine.
type Conn struct {
	nc   net.Conn
	cfg  Config
	done chan struct{}
	read chan struct{}  // closed when the reader has ended
	sent chan struct{}  // closed when the writer has
	dec  *headerDecoder // the reader's own

	mu          sync.Mutex
	changed     sync.Cond // a window, a free slot, drained output, a PING answer, the end
	output      sync.Cond // the writer waits for out
	err         error
	out         []byte
	streams     map[uint32]*Stream
	nextID      uint32
	flow        flow
	peer        settings
	ready       bool // the peer's SETTINGS arrived
	acked       bool // the peer acknowledged ours
	goAway      *GoAwayError
	budget      budget
	lateBytes   int64 // DATA that may still arrive for calls we reset
	lateHeaders int   // header blocks likewise
	emptied     bool  // the peer knows that our header table is empty
	pings       map[uint64]struct{}
	pingID      uint64
	keep        keepalive
}

// Dial connects to cfg.Addr over TLS, insists on ALPN "h2" and exchanges
// SETTINGS. ctx bounds only the dialling.
func Dial(ctx context.Context, cfg Config) (*Conn, error) {
	tc := cfg.TLS.Clone()
	if tc == nil {
		tc = &tls.Config{}
	}
	tc.NextProtos = []string{"h2"}
	if tc.ServerName == "" {
		host, _, err := net.SplitHostPort(cfg.Addr)
		if err != nil {
			return nil, fmt.Errorf("dialling %s: %w", cfg.Addr, err)
		}
		tc.ServerName = host
	}
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("dialling %s: %w", cfg.Addr, err)
	}
	sec := tls.Client(raw, tc)
	if err := sec.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("shaking hands with %s: %w", cfg.Addr, err), raw.Close())
	}
	if p := sec.ConnectionState().NegotiatedProtocol; p != "h2" {
		return nil, errors.Join(fmt.Errorf("shaking hands with %s: peer chose protocol %q, not h2", cfg.Addr, p), raw.Close())
	}
	return NewConn(ctx, sec, cfg)
}

// NewConn speaks HTTP/2 over nc, which it owns from now on, and returns when
// the peer's SETTINGS have arrived. ctx bounds only that wait.
func NewConn(ctx context.Context, nc net.Conn, cfg Config) (*Conn, error) {
	c := &Conn{nc: nc, cfg: cfg, nextID: 1}
	c.cfg.fill()
	c.done, c.read, c.sent = make(chan struct{}), make(chan struct{}), make(chan struct{})
	c.streams, c.pings = map[uint32]*Stream{}, map[uint64]struct{}{}
	c.dec = newHeaderDecoder(c.cfg.MaxHeaderList)
	c.peer = defaultSettings
	c.flow.send, c.flow.recv, c.flow.size = defaultWindow, connWindow, connWindow
	c.budget = newBudget(c.cfg.ControlBurst, c.cfg.ControlPerSecond, time.Now())
	c.changed.L, c.output.L = &c.mu, &c.mu
	c.out = append(c.out, preface...)
	c.out = appendSettings(c.out, &c.cfg)
	c.out = appendWindowUpdate(c.out, 0, connWindow-defaultWindow)
	c.mu.Lock()
	c.keep.start(c)
	go c.readLoop()
	go c.writeLoop()
	for !c.ready && c.err == nil {
		if err := c.wait(ctx, &c.changed); err != nil {
			c.fail(fmt.Errorf("waiting for the peer's SETTINGS: %w", err))
		}
	}
	err := c.err
	c.mu.Unlock()
	if err != nil {
		c.join()
		return nil, fmt.Errorf("opening HTTP/2: %w", err)
	}
	return c, nil
}

// TLS is the TLS connection (for its exporter), or nil if there is none.
func (c *Conn) TLS() *tls.Conn {
	tc, _ := c.nc.(*tls.Conn)
	return tc
}

// Close ends every call with status UNAVAILABLE, says GOAWAY and waits until
// both goroutines are gone, at most a few seconds. It returns nil.
func (c *Conn) Close() error {
	c.mu.Lock()
	c.fail(ErrClosed)
	c.mu.Unlock()
	c.join()
	return nil
}

// join waits until both goroutines are gone.
func (c *Conn) join() {
	<-c.read
	<-c.sent
}

// Done is closed when the connection ends; Err then says why.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err is nil while the connection lives.
func (c *Conn) Err() error {
	c.mu.Lock()
	err := c.err
	c.mu.Unlock()
	return err
}

// fail ends the connection and all its calls, once. The writer flushes what is
// queued, GOAWAY last, and closes the socket, which also ends the reader. c.mu
// is held.
func (c *Conn) fail(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	code := uint32(codeNoError)
	if pe, ok := errors.AsType[*ProtocolError](err); ok { // errors.As is 10 KB of reflection
		code = pe.Code
	}
	c.out = appendGoAway(c.out, code)
	c.keep.timer.Stop()
	for _, s := range c.streams {
		s.in, s.msg = nil, nil
		c.end(s, failed(Unavailable, "connection ended: "+err.Error()))
	}
	close(c.done)
	// The error would only repeat that the socket is closed already.
	_ = c.nc.SetWriteDeadline(time.Now().Add(flushTime))
	c.output.Signal()
	c.changed.Broadcast()
}

// wait sleeps on cond until something changed or ctx ended; c.mu is held. The
// caller tests its condition again: nil promises nothing.
func (c *Conn) wait(ctx context.Context, cond *sync.Cond) error {
	if ctx.Err() != nil {
		return contextStatus(ctx)
	}
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		cond.Broadcast()
		c.mu.Unlock()
	})
	cond.Wait()
	stop()
	return nil
}
