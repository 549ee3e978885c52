package session

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/remote"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// sender is the half of a gRPC stream that a mailbox writes to.
type sender interface {
	Send(*compliancev1.ApplianceMessage) error
}

// stream is one Connect call with its mailbox.
type stream struct {
	peer    *connected
	to      sender
	started time.Time
	heard   atomic.Int64 // Unix milliseconds of the last message

	// Set once by hello, before the stream is anybody's session.
	agentID string
	nonce   []byte
	queueID []byte
	suspect bool
	limiter *rate.Limiter
	askNext time.Time     // next time a state may be asked for
	askWait time.Duration // doubles while the state keeps differing

	mu         sync.Mutex
	idle       *sync.Cond // signalled when nobody sends
	generation uint64     // 0 before the Hello
	box        []*compliancev1.ApplianceMessage
	bytes      int
	ack        *compliancev1.Ack
	sending    bool
	since      time.Time // when the message being sent was begun
	over       bool      // nothing is taken any more
}

func newStream(peer *connected, to sender) *stream {
	s := &stream{peer: peer, to: to, started: time.Now(), limiter: rate.NewLimiter(recordsPerSec, recordsBurst), askWait: time.Minute}
	s.idle = sync.NewCond(&s.mu)
	s.heard.Store(time.Now().UnixMilli())
	return s
}

// post puts a message into the mailbox; somebody sends it soon. A full mailbox
// is remote.ErrAway: the agent does not read.
func (s *stream) post(m *compliancev1.ApplianceMessage) error {
	s.mu.Lock()
	size := proto.Size(m)
	if s.over || len(s.box) >= maxBoxMessages || s.bytes+size > maxBoxBytes {
		s.mu.Unlock()
		return remote.ErrAway
	}
	s.box, s.bytes = append(s.box, m), s.bytes+size
	start := s.begin()
	s.mu.Unlock()
	if start {
		go s.deliver()
	}
	return nil
}

// acknowledge posts the newest mark, replacing one that was not sent yet, and
// sends what waits from the caller's own goroutine.
func (s *stream) acknowledge(queueID []byte, through uint64) {
	s.mu.Lock()
	if s.over {
		s.mu.Unlock()
		return
	}
	s.ack = &compliancev1.Ack{QueueId: queueID, Through: through}
	start := s.begin()
	s.mu.Unlock()
	if start {
		s.deliver()
	}
}

// begin claims the sending for the caller, unless somebody has it. s.mu is held.
func (s *stream) begin() bool {
	if s.sending {
		return false
	}
	s.sending, s.since = true, time.Now()
	return true
}

// deliver sends until nothing waits; begin must have said yes.
func (s *stream) deliver() {
	for {
		m := s.next()
		if m == nil {
			return
		}
		if err := s.to.Send(m); err != nil {
			s.finish() // the handler's Recv says why
		}
	}
}

func (s *stream) next() *compliancev1.ApplianceMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since = time.Now()
	switch {
	case s.over:
	case len(s.box) > 0:
		m := s.box[0]
		s.box[0] = nil
		s.box = s.box[1:]
		s.bytes -= proto.Size(m)
		if len(s.box) == 0 {
			s.box = nil // an idle stream keeps no array
		}
		return m
	case s.ack != nil:
		m := &compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Ack{Ack: s.ack}}
		s.ack = nil
		return m
	}
	s.sending = false
	s.idle.Broadcast()
	return nil
}

// finish takes no more messages and drops those that wait.
func (s *stream) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over, s.box, s.ack, s.bytes = true, nil, nil, 0
}

// settle waits until nobody sends: grpc forbids sending after the handler is
// gone. The watch cuts off an agent that makes this long.
func (s *stream) settle() {
	s.finish()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.sending {
		s.idle.Wait()
	}
}

// stuck reports whether a message has been on its way for too long.
func (s *stream) stuck(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sending && now.Sub(s.since) > sendTime
}

// isOver reports whether the stream was superseded or ended.
func (s *stream) isOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}
