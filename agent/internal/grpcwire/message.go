package grpcwire

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
)

// Send queues a message within the peer's windows and returns when all of it is
// before the writer. If ctx ends half-way the call is cancelled, because half a
// message cannot be taken back. io.EOF means that the peer ended the call well.
func (s *Stream) Send(ctx context.Context, message []byte) error {
	return s.send(ctx, message, false)
}

func (s *Stream) send(ctx context.Context, message []byte, last bool) error {
	c := s.c
	if len(message) > c.cfg.MaxSend {
		return failed(ResourceExhausted, "message of %d bytes, limit %d", len(message), c.cfg.MaxSend)
	}
	c.mu.Lock()
	err := s.takeTurn(ctx, &s.sending, &c.changed)
	if err == nil {
		err = s.queue(ctx, message, last)
		s.sending = false
		c.changed.Broadcast()
	}
	c.mu.Unlock()
	return err
}

// takeTurn waits until nobody else sends, or receives; c.mu is held.
func (s *Stream) takeTurn(ctx context.Context, busy *bool, freed *sync.Cond) error {
	for *busy {
		if err := s.c.wait(ctx, freed); err != nil {
			return err
		}
	}
	*busy = true
	return nil
}

// queue queues a message piece by piece, as the windows allow; c.mu is held.
func (s *Stream) queue(ctx context.Context, message []byte, last bool) error {
	c := s.c
	if s.closed && s.err == nil {
		return failed(Internal, "sending after CloseSend")
	}
	head := putHead(len(message))
	total := messageHead + len(message)
	for off := 0; off < total; {
		if s.err != nil {
			return s.err
		}
		n := min(int64(total-off), maxFrame, s.flow.send, c.flow.send)
		if n <= 0 || len(c.out) >= maxPending {
			if err := c.wait(ctx, &c.changed); err != nil {
				if off > 0 {
					c.reset(s, codeCancel, err)
				}
				return err
			}
			continue
		}
		s.closed = last && off+int(n) == total
		c.writeData(s, head[min(off, messageHead):min(off+int(n), messageHead)],
			message[max(off-messageHead, 0):max(off+int(n)-messageHead, 0)])
		off += int(n)
	}
	return nil
}

// writeData queues one DATA frame of two parts; c.mu is held.
func (c *Conn) writeData(s *Stream, a, b []byte) {
	n := len(a) + len(b)
	var flags byte
	if s.closed {
		flags = flagEndStream
	}
	s.flow.send -= int64(n)
	c.flow.send -= int64(n)
	c.out = appendHead(c.out, n, frameData, flags, s.id)
	c.out = append(append(c.out, a...), b...)
	c.budget.earn()
	c.flush()
}

// CloseSend tells the peer that no message follows.
func (s *Stream) CloseSend(ctx context.Context) error {
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for s.err == nil && !s.closed {
		if !s.sending && len(c.out) < maxPending {
			s.closed = true
			c.writeData(s, nil, nil)
			return nil
		}
		if err := c.wait(ctx, &c.changed); err != nil {
			return err
		}
	}
	return nil
}

// Recv returns the next message; io.EOF is the end with status OK, any other end
// is a *Status. ctx bounds only this wait: the call and a message half arrived
// stay for the next Recv.
func (s *Stream) Recv(ctx context.Context) (message []byte, err error) {
	c := s.c
	c.mu.Lock()
	err = s.takeTurn(ctx, &s.receiving, &s.arrived)
	if err == nil {
		message, err = s.await(ctx)
		s.receiving = false
		s.arrived.Broadcast()
	}
	c.mu.Unlock()
	return message, err
}

// await is Recv with c.mu held and its turn taken.
func (s *Stream) await(ctx context.Context) ([]byte, error) {
	c := s.c
	for {
		message, ok, err := s.next()
		if err != nil {
			s.in, s.msg, s.want = nil, nil, -1
			c.reset(s, codeCancel, err)
			s.err = err // also when the peer had ended the call
			return nil, err
		}
		if ok {
			return message, nil
		}
		if s.err != nil {
			return nil, s.lastWord()
		}
		if err := c.wait(ctx, &s.arrived); err != nil {
			return nil, err
		}
	}
}

// next takes what arrived and gives window back for it, so that a message may be
// longer than the window; ok says that a message is complete.
func (s *Stream) next() (message []byte, ok bool, err error) {
	if s.want < 0 {
		if len(s.in) < messageHead {
			return nil, false, nil
		}
		flag, n := s.in[0], binary.BigEndian.Uint32(s.in[1:])
		if flag != 0 {
			return nil, false, failed(Internal, "message has compressed flag %d, and we accept no compression", int(flag))
		}
		if uint64(n) > uint64(s.c.cfg.MaxReceive) {
			return nil, false, failed(ResourceExhausted, "message of %d bytes, limit %d", int(n), s.c.cfg.MaxReceive)
		}
		s.want = int(n)
		s.msg = make([]byte, 0, min(s.want, s.c.cfg.Window)) // the rest as it comes
		s.in = s.in[messageHead:]
		s.consume(messageHead)
	}
	n := min(s.want-len(s.msg), len(s.in))
	s.msg = append(s.msg, s.in[:n]...)
	s.in = s.in[n:]
	if len(s.in) == 0 {
		s.in = nil
	}
	s.consume(n)
	if len(s.msg) < s.want {
		return nil, false, nil
	}
	message = s.msg
	s.msg, s.want = nil, -1
	return message, true, nil
}

// lastWord is the end of the call as Recv tells it: OK after half a message is
// not OK.
func (s *Stream) lastWord() error {
	if errors.Is(s.err, io.EOF) && (s.want >= 0 || len(s.in) > 0) {
		return failed(Internal, "peer ended the call inside a message")
	}
	return s.err
}
