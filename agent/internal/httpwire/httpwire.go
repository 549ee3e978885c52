// Package httpwire is the agent's HTTP/1.1 client for the fallback of DESIGN D6:
// a unary call is a POST of one protobuf message to the path that gRPC would
// use, on a TLS connection that the caller has made. It exists because net/http
// is 1.1 MB. Send and Recv make a session of such calls: the Hello is kept and
// goes with each message as one ReportDrift, whose answer has the members of an
// ApplianceMessage. Messages are bytes, sizes are bytes.
//
// A call ends in the answer's bytes or in a *grpcwire.Status, whose code stands
// for the HTTP status as http-grpc-status-mapping.md has it and whose message is
// the appliance's sentence; any other error means that the connection is of no
// further use. Taken are answers with a Content-Length only: no chunks, no
// trailers, no compression, no redirects, no interim answers. One call at a
// time; Recv may run beside it. Sources: RFC 9110 and RFC 9112 (read 2026-11-22).
package httpwire

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
)

const (
	contentType  = "application/x-protobuf"
	reportMethod = "/compliance.v1.ComplianceAgent/ReportDrift"
)

// Conn is one connection.
type Conn struct {
	nc      net.Conn
	host    string
	hello   []byte
	answers chan []byte
}

// New speaks HTTP/1.1 over nc, which it owns from now on. host is the peer's
// address, for the Host line.
func New(nc net.Conn, host string) *Conn {
	return &Conn{nc: nc, host: host, answers: make(chan []byte, 1)}
}

// TLS is the TLS connection, or nil if there is none.
func (c *Conn) TLS() *tls.Conn {
	t, _ := c.nc.(*tls.Conn)
	return t
}

// Close ends the connection.
func (c *Conn) Close() error { return c.nc.Close() }

// Err is nil: a call says itself why it failed.
func (c *Conn) Err() error { return nil }

// Send posts a session's message; the first is its Hello.
func (c *Conn) Send(ctx context.Context, m []byte) error {
	request := append(append([]byte(nil), c.hello...), m...)
	if c.hello == nil {
		c.hello = request
	}
	answer, err := c.Invoke(ctx, reportMethod, request)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case c.answers <- answer:
		return nil
	}
}

// Recv waits for the next answer to a Send.
func (c *Conn) Recv(ctx context.Context) ([]byte, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case answer := <-c.answers:
		return answer, nil
	}
}

// Invoke makes one call. Metadata is for gRPC and not sent.
func (c *Conn) Invoke(ctx context.Context, method string, request []byte, _ ...grpcwire.Header) ([]byte, error) {
	// A call that is cut off leaves an answer on its way that nobody must take.
	stop := context.AfterFunc(ctx, func() { _ = c.nc.Close() })
	defer stop()
	head := "POST " + method + " HTTP/1.1\r\nHost: " + c.host + "\r\nContent-Type: " + contentType +
		"\r\nContent-Length: " + strconv.Itoa(len(request)) + "\r\n\r\n"
	_, err := c.nc.Write(append([]byte(head), request...))
	var body []byte
	if err == nil {
		body, err = readAnswer(c.nc)
	}
	if ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}
	return body, err
}
