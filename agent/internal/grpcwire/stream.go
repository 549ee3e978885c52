package grpcwire

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
)

// messageHead is the compressed flag and the length before each message.
const messageHead = 5

// Stream is one call. Sending and receiving may go on in parallel; two Sends or
// two Recvs wait for each other.
type Stream struct {
	c        *Conn
	id       uint32
	deadline time.Time
	stop     func() bool // ends the watch on Open's context

	// All of this is under c.mu.
	arrived   sync.Cond // content or the end
	flow      flow
	err       error // io.EOF or *Status once the call is over
	sending   bool
	receiving bool
	closed    bool // our side is
	answered  bool // the peer's first headers came
	header    []Header
	trailer   []Header
	in        []byte // arrived and not yet taken, within the window
	msg       []byte // the message in hand
	want      int    // its length, or -1 before its head came
}

// Open starts a call. ctx rules its whole life: its deadline travels as
// grpc-timeout, and its end cancels the call. Open waits while MaxStreams calls
// (or as many as the peer allows) are open.
func (c *Conn) Open(ctx context.Context, method string, md ...Header) (*Stream, error) {
	list, err := c.requestHeaders(ctx, method, md)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	s, err := c.open(ctx, list)
	c.mu.Unlock()
	return s, err
}

// open waits for a free slot and takes it; c.mu is held.
func (c *Conn) open(ctx context.Context, list []Header) (*Stream, error) {
	for {
		if err := c.refusal(); err != nil {
			return nil, err
		}
		if len(c.streams) < c.cfg.MaxStreams && uint64(len(c.streams)) < uint64(c.peer.streams) && len(c.out) < maxPending {
			break
		}
		if err := c.wait(ctx, &c.changed); err != nil {
			return nil, err
		}
	}
	if ctx.Err() != nil {
		return nil, contextStatus(ctx)
	}
	s := &Stream{c: c, id: c.nextID, want: -1, flow: flow{
		send: int64(c.peer.window), recv: int64(c.cfg.Window), size: int64(c.cfg.Window),
	}}
	s.arrived.L = &c.mu
	s.deadline, _ = ctx.Deadline()
	if err := c.writeHeaders(s.id, list); err != nil {
		return nil, err
	}
	c.nextID += 2
	c.streams[s.id] = s
	s.stop = context.AfterFunc(ctx, func() {
		c.mu.Lock()
		c.reset(s, codeCancel, contextStatus(ctx))
		c.mu.Unlock()
	})
	return s, nil
}

// refusal says why no call can be opened; c.mu is held.
func (c *Conn) refusal() error {
	switch {
	case c.err != nil:
		return failed(Unavailable, "connection ended: "+c.err.Error())
	case c.goAway != nil:
		return failed(Unavailable, c.goAway.Error())
	case c.nextID > math.MaxInt32:
		return failed(Unavailable, "connection has used all stream ids")
	}
	return nil
}

// everyCall are the headers of every call; requestHeaders fills in the empty ones.
var everyCall = [...]Header{
	{":method", "POST"},
	{":scheme", "https"},
	{":path", ""},
	{":authority", ""},
	{"te", "trailers"},
	{"content-type", "application/grpc"},
	{"user-agent", ""},
}

func (c *Conn) requestHeaders(ctx context.Context, method string, md []Header) ([]Header, error) {
	if !strings.HasPrefix(method, "/") || !validValue(method) {
		return nil, failed(Internal, "method "+strconv.Quote(method)+" does not start with /")
	}
	list := append(make([]Header, 0, len(everyCall)+1+len(md)), everyCall[:]...)
	list[2].Value, list[3].Value, list[6].Value = method, c.cfg.Authority, c.cfg.UserAgent
	if t, ok := ctx.Deadline(); ok {
		left := time.Until(t)
		if left <= 0 {
			return nil, failed(DeadlineExceeded, "deadline passed before the call began")
		}
		list = append(list, Header{"grpc-timeout", timeoutHeader(left)})
	}
	for _, h := range md {
		h, err := h.wire()
		if err != nil {
			return nil, err
		}
		list = append(list, h)
	}
	return list, nil
}

// Of HPACK (RFC 7541) we send literals without indexing only, and say once that
// our table is empty, which satisfies every limit of the peer: its encoder is 8 KB
// and would save a hundred bytes a session.
const (
	emptyTable = 0x20
	literal    = 0x00
)

// appendText writes a text as it is, after its length in a prefix of seven bits.
func appendText(b []byte, s string) []byte {
	n := len(s)
	if n < 127 {
		b = append(b, byte(n))
	} else {
		b = append(b, 127)
		for n -= 127; n >= 128; n >>= 7 {
			b = append(b, byte(n)|128)
		}
		b = append(b, byte(n))
	}
	return append(b, s...)
}

// writeHeaders queues one HEADERS frame, which is never longer than the list as
// the peer counts it; c.mu is held.
func (c *Conn) writeHeaders(id uint32, list []Header) error {
	size := 0
	for _, h := range list {
		size += len(h.Name) + len(h.Value) + 32
	}
	if size > c.cfg.MaxHeaderList || uint64(size) > uint64(c.peer.headerList) {
		return failed(ResourceExhausted, "metadata of %d bytes is over the limit", size)
	}
	at := len(c.out)
	c.out = appendHead(c.out, 0, frameHeaders, flagEndHeaders, id)
	if !c.emptied {
		c.emptied = true
		c.out = append(c.out, emptyTable)
	}
	for i := range list {
		c.out = appendText(appendText(append(c.out, literal), list[i].Name), list[i].Value)
	}
	n := len(c.out) - at - frameHead
	c.out[at], c.out[at+1], c.out[at+2] = byte(n>>16), byte(n>>8), byte(n)
	c.budget.earn()
	c.flush()
	return nil
}

// Cancel ends the call here and at the peer. It is safe at any time.
func (s *Stream) Cancel() {
	s.c.mu.Lock()
	s.c.reset(s, codeCancel, failed(Canceled, "canceled by the caller"))
	s.c.mu.Unlock()
}

// Header waits for the peer's first metadata; a call that ended without any has
// nil. The error is that of ctx.
func (s *Stream) Header(ctx context.Context) ([]Header, error) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	for !s.answered && s.err == nil {
		if err := s.c.wait(ctx, &s.arrived); err != nil {
			return nil, err
		}
	}
	return s.header, nil
}

// Trailer is the peer's last metadata, once a Recv has returned an error.
func (s *Stream) Trailer() []Header {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	return s.trailer
}

// onHeaders takes the peer's first headers or its trailers; c.mu is held.
func (s *Stream) onHeaders(status string, list []Header, end bool) error {
	if s.answered {
		if !end || status != "" {
			return fault(codeProtocol, "second HEADERS on stream %d are not trailers", int(s.id))
		}
		s.trailer = list
		s.finish(trailerStatus(list))
		return nil
	}
	if len(status) != 3 {
		return fault(codeProtocol, "answer on stream %d has :status "+strconv.Quote(status), int(s.id))
	}
	if status[0] == '1' { // informational
		if end || !s.c.budget.spend(s.c.keep.seen) {
			return fault(codeProtocol, "informational answers on stream %d end it or never stop", int(s.id))
		}
		return nil
	}
	s.answered = true
	s.header = list
	cause := refusedAnswer(status, list)
	switch {
	case cause == nil && end: // trailers only
		s.trailer = list
		s.finish(trailerStatus(list))
	case cause != nil && end:
		s.finish(cause)
	case cause != nil:
		s.c.reset(s, codeCancel, cause)
	}
	s.arrived.Broadcast()
	return nil
}

// refusedAnswer says why an answer is not gRPC that we can read.
func refusedAnswer(status string, list []Header) error {
	if status != "200" {
		return httpStatus(list, status)
	}
	ct, _ := find(list, "content-type")
	if rest, ok := strings.CutPrefix(ct, "application/grpc"); !ok || rest != "" && rest[0] != '+' && rest[0] != ';' {
		return failed(Unknown, "peer answered with content type "+strconv.Quote(ct)+", not gRPC")
	}
	if enc, ok := find(list, "grpc-encoding"); ok && enc != "identity" {
		return failed(Internal, "peer compresses with "+strconv.Quote(enc)+", which we did not accept")
	}
	return nil
}

// onData keeps content; n is the frame's size with padding. c.mu is held.
func (s *Stream) onData(body []byte, n int, end bool) error {
	if !s.answered {
		return fault(codeProtocol, "DATA before HEADERS on stream %d", int(s.id))
	}
	if !s.flow.take(n) {
		return fault(codeFlow, "%d bytes of DATA over the window of stream %d", n, int(s.id))
	}
	s.in = append(s.in, body...)
	s.consume(n - len(body))
	if end {
		s.finish(failed(Internal, "peer ended the call without trailers"))
	}
	s.arrived.Broadcast()
	return nil
}

// finish ends s after the peer ended its side; if ours is open the peer is told
// that nothing more will come. c.mu is held.
func (s *Stream) finish(cause error) {
	if !s.closed {
		s.c.out = appendReset(s.c.out, s.id, codeNoError)
	}
	s.c.end(s, cause)
}

// consume gives window back for n bytes; c.mu is held.
func (s *Stream) consume(n int) {
	if due := s.flow.give(n); due > 0 && s.err == nil {
		s.c.out = appendWindowUpdate(s.c.out, s.id, due)
		s.c.flush()
	}
}

// Invoke is a unary call: one message up, one down.
func (c *Conn) Invoke(ctx context.Context, method string, request []byte, md ...Header) ([]byte, error) {
	s, err := c.Open(ctx, method, md...)
	if err != nil {
		return nil, err
	}
	answer, err := s.exchange(ctx, request)
	s.Cancel()
	return answer, err
}

func (s *Stream) exchange(ctx context.Context, request []byte) ([]byte, error) {
	if err := s.send(ctx, request, true); err != nil && Code(err) == ResourceExhausted {
		return nil, err
	}
	answer, err := s.Recv(ctx)
	if errors.Is(err, io.EOF) {
		return nil, failed(Internal, "peer ended the call without an answer")
	}
	if err != nil {
		return nil, err
	}
	if _, err = s.Recv(ctx); err == nil {
		return nil, failed(Internal, "peer sent a second answer to a unary call")
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return answer, nil
}

// putHead is the length prefix of a message.
func putHead(n int) (h [messageHead]byte) {
	binary.BigEndian.PutUint32(h[1:], uint32(n))
	return h
}
