package grpcwire

import (
	"encoding/binary"
	"time"
)

// maxDebug cuts the text of a GOAWAY.
const maxDebug = 256

// readLoop is the only one to read from the socket. It never waits for the
// writer: what it answers goes to c.out, which is bounded.
func (c *Conn) readLoop() {
	r := &frameReader{src: c.nc}
	for {
		f, err := r.next()
		if err == nil {
			err = c.handle(r, &f)
		}
		if err != nil {
			c.mu.Lock()
			c.fail(err)
			c.mu.Unlock()
			close(c.read)
			return
		}
	}
}

func (c *Conn) handle(r *frameReader, f *frame) error {
	var status string
	var list []Header
	if f.kind == frameHeaders && c.isReady() {
		block, err := r.headerBlock(f, c.cfg.MaxHeaderList)
		if err != nil {
			return err
		}
		if status, list, err = c.dec.decode(block); err != nil {
			return err
		}
	}
	c.mu.Lock()
	err := c.book(f, status, list)
	c.flush()
	c.mu.Unlock()
	return err
}

// book acts on one frame, with the headers it brought; c.mu is held.
func (c *Conn) book(f *frame, status string, list []Header) error {
	if c.err != nil {
		return c.err
	}
	if !c.ready && (f.kind != frameSettings || f.has(flagAck)) {
		return fault(codeProtocol, "first frame is type %d, not SETTINGS", int(f.kind))
	}
	c.keep.seen = time.Now()
	var err error
	switch f.kind {
	case frameHeaders:
		err = c.onHeaders(f, status, list)
	case frameData:
		err = c.onData(f)
	default:
		err = c.onControl(f)
	}
	if err == nil && len(c.out) > maxBacklog {
		err = fault(codeCalm, "peer sends without reading: %d bytes wait", len(c.out))
	}
	return err
}

func (c *Conn) isReady() bool {
	c.mu.Lock()
	ready := c.ready
	c.mu.Unlock()
	return ready
}

// onControl handles the frames that carry no call's content.
func (c *Conn) onControl(f *frame) error {
	if !c.budget.spend(c.keep.seen) {
		return fault(codeCalm, "flood of control frames, last type %d", int(f.kind))
	}
	if n := fixedSize(f.kind); n > 0 && len(f.body) != n {
		return fault(codeFrameSize, "frame type %d of %d bytes", int(f.kind), len(f.body))
	}
	switch f.kind {
	case frameSettings, framePing, frameGoAway:
		if f.stream != 0 {
			return fault(codeProtocol, "frame type %d on stream %d", int(f.kind), int(f.stream))
		}
	case framePriority:
		if f.stream == 0 {
			return fault(codeProtocol, "PRIORITY on stream 0")
		}
	}
	switch f.kind {
	case frameSettings:
		return c.onSettings(f)
	case framePing:
		c.onPing(f.has(flagAck), binary.BigEndian.Uint64(f.body))
	case frameGoAway:
		return c.onGoAway(f.body)
	case frameWindowUpdate:
		return c.onWindowUpdate(f.stream, int64(binary.BigEndian.Uint32(f.body)&^(1<<31)))
	case frameReset:
		return c.onReset(f.stream, binary.BigEndian.Uint32(f.body))
	case framePushPromise:
		return fault(codeProtocol, "PUSH_PROMISE, which we refused in SETTINGS")
	case frameContinuation:
		return fault(codeProtocol, "CONTINUATION without HEADERS")
	}
	return nil
}

func (c *Conn) onSettings(f *frame) error {
	if f.has(flagAck) {
		if len(f.body) != 0 {
			return fault(codeFrameSize, "SETTINGS acknowledgement of %d bytes", len(f.body))
		}
		if c.acked {
			return fault(codeProtocol, "SETTINGS acknowledged twice")
		}
		c.acked = true
		return nil
	}
	old := c.peer
	if err := c.peer.read(f.body); err != nil {
		return err
	}
	for _, s := range c.streams {
		if !s.flow.grow(int64(c.peer.window) - int64(old.window)) {
			return fault(codeFlow, "initial window overflows stream %d", int(s.id))
		}
	}
	c.out = appendHead(c.out, 0, frameSettings, flagAck, 0)
	c.ready = true
	c.changed.Broadcast()
	return nil
}

func (c *Conn) onWindowUpdate(id uint32, n int64) error {
	if n == 0 {
		return fault(codeProtocol, "WINDOW_UPDATE of 0 on stream %d", int(id))
	}
	fl := &c.flow
	if id != 0 {
		s, err := c.stream(id)
		if s == nil {
			return err
		}
		fl = &s.flow
	}
	if !fl.grow(n) {
		return fault(codeFlow, "window of stream %d overflows", int(id))
	}
	c.changed.Broadcast()
	return nil
}

func (c *Conn) onReset(id, code uint32) error {
	s, err := c.stream(id)
	if s == nil {
		return err
	}
	st := resetStatus(code)
	if code == codeCancel && !s.deadline.IsZero() && !time.Now().Before(s.deadline) {
		st.Code = DeadlineExceeded // the peer's clock for the same deadline was first
	}
	c.end(s, st)
	return nil
}

// onGoAway refuses new calls and ends those that the peer will not process.
func (c *Conn) onGoAway(b []byte) error {
	if len(b) < 8 {
		return fault(codeFrameSize, "GOAWAY of %d bytes", len(b))
	}
	g := &GoAwayError{
		Last: binary.BigEndian.Uint32(b) &^ (1 << 31), Code: binary.BigEndian.Uint32(b[4:]),
		Debug: string(b[8:min(len(b), 8+maxDebug)]),
	}
	if c.goAway != nil && g.Last > c.goAway.Last {
		return fault(codeProtocol, "GOAWAY raised the last stream from %d to %d", int(c.goAway.Last), int(g.Last))
	}
	c.goAway = g
	for id, s := range c.streams {
		if id > g.Last {
			c.end(s, failed(Unavailable, g.Error()))
		}
	}
	if len(c.streams) == 0 {
		c.fail(g)
	}
	c.changed.Broadcast()
	return nil
}

func (c *Conn) onHeaders(f *frame, status string, list []Header) error {
	s, err := c.stream(f.stream)
	if err != nil {
		return err
	}
	if s == nil {
		if c.lateHeaders--; c.lateHeaders < 0 {
			return fault(codeClosed, "HEADERS on closed stream %d", int(f.stream))
		}
		return nil
	}
	return s.onHeaders(status, list, f.has(flagEndStream))
}

func (c *Conn) onData(f *frame) error {
	n := len(f.body) // padding counts too
	// Given back at once below, so that only a call's window can be overrun.
	c.flow.take(n)
	s, err := c.stream(f.stream)
	if err != nil {
		return err
	}
	if err := f.unpad(); err != nil {
		return err
	}
	if due := c.flow.give(n); due > 0 {
		c.out = appendWindowUpdate(c.out, 0, due)
	}
	end := f.has(flagEndStream)
	if len(f.body) == 0 && !end && !c.budget.spend(c.keep.seen) {
		return fault(codeCalm, "flood of empty DATA frames")
	}
	if s == nil {
		if c.lateBytes -= int64(n); c.lateBytes < 0 {
			return fault(codeClosed, "DATA on closed stream %d", int(f.stream))
		}
		return nil
	}
	return s.onData(f.body, n, end)
}

// stream finds a call. A call that is over gives nil and no error.
func (c *Conn) stream(id uint32) (*Stream, error) {
	if id&1 == 0 || id >= c.nextID {
		return nil, fault(codeProtocol, "frame on stream %d, which we did not open", int(id))
	}
	return c.streams[id], nil
}

// end closes s here: cause is io.EOF or a *Status. c.mu is held.
func (c *Conn) end(s *Stream, cause error) {
	s.err = cause
	delete(c.streams, s.id)
	s.stop()
	s.arrived.Broadcast()
	c.changed.Broadcast()
	if c.goAway != nil && len(c.streams) == 0 {
		c.fail(c.goAway)
	}
}

// reset ends s and tells the peer. Unless the peer had ended its side, it may
// already have sent what the window and the protocol still allowed.
func (c *Conn) reset(s *Stream, code uint32, cause error) {
	if s.err != nil {
		return
	}
	c.out = appendReset(c.out, s.id, code)
	c.lateBytes += s.flow.recv
	c.lateHeaders += 2
	s.in, s.msg = nil, nil
	c.end(s, cause)
	c.flush()
}
