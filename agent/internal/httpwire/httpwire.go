// Package httpwire is the agent's HTTP/1.1 client for the fallback of DESIGN D6:
// a unary call is a POST of one protobuf message to the path that gRPC would
// use, on a TLS connection that the caller has made. It exists because net/http
// is 1.1 MB. One call at a time; messages are bytes, sizes are bytes.
//
// A call ends in the answer's bytes or in a *grpcwire.Status, whose code stands
// for the HTTP status as http-grpc-status-mapping.md has it and whose message is
// the appliance's sentence. An answer that breaks RFC 9112 or a limit here is an
// *AnswerError; after that, and after any failed read or write, the connection
// is of no further use. Taken are answers with a Content-Length only: no
// chunks, no trailers, no compression, no redirects, no interim answers.
// Sources: RFC 9110 and RFC 9112 (read 2026-11-22).
package httpwire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
)

const contentType = "application/x-protobuf"

// errUsed ends a call on a connection that an earlier one has spoilt.
var errUsed = errors.New("the connection cannot be used again")

// Conn is one connection. Its methods are for one goroutine.
type Conn struct {
	nc         net.Conn
	host       string
	in         *bufio.Reader
	over       bool
	retryAfter time.Duration
}

// New speaks HTTP/1.1 over nc, which it owns from now on. host is the peer's
// address, for the Host line.
func New(nc net.Conn, host string) *Conn {
	return &Conn{nc: nc, host: host, in: bufio.NewReaderSize(nc, maxLine)}
}

// ConnectionState is that of the TLS connection, or zero if it is not TLS.
func (c *Conn) ConnectionState() tls.ConnectionState {
	if t, ok := c.nc.(*tls.Conn); ok {
		return t.ConnectionState()
	}
	return tls.ConnectionState{}
}

// Close ends the connection.
func (c *Conn) Close() error { return c.nc.Close() }

// Usable tells whether another call may be made.
func (c *Conn) Usable() bool { return !c.over }

// RetryAfter is how long the last answer asked to stay away; 0 for nothing.
func (c *Conn) RetryAfter() time.Duration { return c.retryAfter }

// Invoke makes one call. Metadata is for gRPC and not sent.
func (c *Conn) Invoke(ctx context.Context, method string, request []byte, _ ...grpcwire.Header) ([]byte, error) {
	if c.over {
		return nil, errUsed
	}
	c.over = true // unless all goes well
	// A deadline in the past ends reads and writes; a closed connection does too.
	stop := context.AfterFunc(ctx, func() { _ = c.nc.SetDeadline(time.Unix(1, 0)) })
	defer func() { c.over = c.over || !stop() }()
	head := "POST " + method + " HTTP/1.1\r\nHost: " + c.host + "\r\nContent-Type: " + contentType +
		"\r\nContent-Length: " + strconv.Itoa(len(request)) + "\r\n\r\n"
	if _, err := c.nc.Write(append([]byte(head), request...)); err != nil {
		return nil, cut(ctx, fmt.Errorf("posting: %w", err))
	}
	a, err := readAnswer(c.in)
	if err != nil {
		return nil, cut(ctx, fmt.Errorf("reading answer: %w", err))
	}
	c.over, c.retryAfter = a.last, a.retryAfter
	if a.code != 200 {
		return nil, a.status()
	}
	if a.kind != contentType {
		return nil, &grpcwire.Status{Code: grpcwire.Unknown, Message: "the answer is " + strconv.Quote(a.kind) + ", not " + contentType}
	}
	return a.body, nil
}

// cut says that the caller ended the call, if it did.
func cut(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	return err
}
