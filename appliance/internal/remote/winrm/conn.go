package winrm

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	path = "/wsman"
	// soapType is the one that WS-Management has.
	soapType = "application/soap+xml;charset=UTF-8"
	// maxBody is what a reply may have: hosts keep to the MaxEnvelopeSize of
	// the request, 150 KB, and sealing adds little.
	maxBody = 2 << 20
	// maxHead is for the header lines of one answer.
	maxHead = 64 << 10
	// mutual is the Authorization of a client certificate (DSP0226 C.3.1.2).
	mutual = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
)

// errStale means that a kept connection was no good any more, before the host
// did anything.
var errStale = errors.New("kept connection has ended")

// conn is one connection, authenticated once. One caller uses it at a time.
type conn struct {
	endpoint Endpoint
	patience time.Duration
	nc       net.Conn
	limited  *limited
	reader   *bufio.Reader
	born     time.Time
	expiry   *time.Timer
	owner    [32]byte // the credential's sum

	authorization string           // sent with every message: Basic and certificates
	mechanism     func() mechanism // makes a new authentication
	session       session
	used          bool // the host has answered a message on it
	broken        bool
}

// answer is an HTTP answer, read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// limited is a connection that gives no more than was granted.
type limited struct {
	net.Conn
	left int64
}

func (l *limited) Read(b []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("%w: more than %d bytes", ErrReply, maxBody)
	}
	n, err := l.Conn.Read(b[:min(int64(len(b)), l.left)])
	l.left -= int64(n)
	return n, err
}

func (c *conn) close() {
	c.broken = true
	if c.expiry != nil {
		c.expiry.Stop()
	}
	_ = c.nc.Close() // nothing that was asked for depends on it
}

// post sends one message and reads its answer. Any error breaks the
// connection, since nobody knows where the next answer would begin.
func (c *conn) post(ctx context.Context, authorization, contentType string, body []byte) (*answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.patience, errSilent)
	defer cancel()
	// The deadline is for the tidy case, the close for the caller who leaves.
	stop := context.AfterFunc(ctx, func() { _ = c.nc.Close() })
	a, err := c.roundTrip(authorization, contentType, body)
	if !stop() {
		c.close()
		if err == nil {
			err = net.ErrClosed
		}
	}
	if err != nil {
		c.close()
		if cause := context.Cause(ctx); cause != nil {
			return nil, fmt.Errorf("%w: %w", ErrTimeout, cause)
		}
		return nil, err
	}
	return a, nil
}

// errSilent is the end of our patience, not of the caller's.
var errSilent = errors.New("the host is silent")

func (c *conn) roundTrip(authorization, contentType string, body []byte) (*answer, error) {
	var b bytes.Buffer
	b.Grow(len(body) + 512)
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: osiris-appliance\r\nContent-Type: %s\r\nContent-Length: %d\r\n", path, c.endpoint.address(), contentType, len(body))
	if authorization != "" {
		fmt.Fprintf(&b, "Authorization: %s\r\n", authorization)
	}
	b.WriteString("\r\n")
	b.Write(body)
	if c.reader.Buffered() > 0 {
		return nil, fmt.Errorf("%w: the host speaks without being asked", ErrReply)
	}
	c.limited.left = maxHead + maxBody
	if _, err := c.nc.Write(b.Bytes()); err != nil {
		return nil, c.stale(err)
	}
	if _, err := c.reader.Peek(1); err != nil {
		return nil, c.stale(err)
	}
	resp, err := c.response()
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end or given up
	got, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return nil, unread(err)
	}
	if len(got) > maxBody {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrReply, maxBody)
	}
	if resp.Close {
		c.broken = true // it ends here, and what was answered counts
	}
	return &answer{resp.StatusCode, resp.Header, got}, nil
}

// response reads the head, past interim ones.
func (c *conn) response() (*http.Response, error) {
	for range 4 {
		resp, err := http.ReadResponse(c.reader, &http.Request{Method: http.MethodPost})
		if err != nil {
			return nil, unread(err)
		}
		if resp.StatusCode >= 200 {
			return resp, nil
		}
		if resp.StatusCode == http.StatusSwitchingProtocols {
			break
		}
	}
	return nil, fmt.Errorf("%w: no end of interim answers", ErrReply)
}

// stale marks the error of a connection that the host had closed meanwhile.
func (c *conn) stale(err error) error {
	if c.used && !isTimeout(err) {
		return fmt.Errorf("%w: %w", errStale, err)
	}
	return err
}

// unread tells a connection that broke from bytes that are no HTTP. What
// net/http says about those quotes them, and they are the host's.
func unread(err error) error {
	var n net.Error
	if errors.Is(err, ErrReply) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || errors.As(err, &n) {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return fmt.Errorf("%w: it is not http", ErrReply)
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// tokenIn finds the token of a scheme in an answer.
func tokenIn(h http.Header, scheme string) (token []byte, offered bool) {
	for _, line := range h.Values("WWW-Authenticate") {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.EqualFold(strings.TrimSuffix(name, ","), scheme) {
			continue
		}
		offered = true
		if b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest)); err == nil && len(b) > 0 {
			return b, true
		}
	}
	return nil, offered
}
