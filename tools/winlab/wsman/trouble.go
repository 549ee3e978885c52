package wsman

import (
	"context"
	"time"
)

// Trouble is a way to misbehave. The first that matches a message is used.
type Trouble struct {
	// Action is the message that it strikes; "" is every message, Handshake the
	// steps of a logon.
	Action Action
	// Times is how often; 0 is once, -1 always.
	Times int
	// Delay before anything else is done.
	Delay time.Duration
	// Hang never answers; the connection stays open until the client goes.
	Hang bool
	// Drop closes the connection instead of answering.
	Drop bool
	// Cut closes it after that many bytes of the answer's body.
	Cut int
	// Fault is answered instead of acting.
	Fault *Fault
	// Raw is answered instead of acting, and never sealed.
	Raw *Raw
	// Plain answers unsealed what came sealed.
	Plain bool
	// Spoil changes the SOAP answer before it is sealed, SpoilSealed after.
	Spoil       func([]byte) []byte
	SpoilSealed func([]byte) []byte
}

// Raw is an HTTP answer as it is.
type Raw struct {
	Status      int
	ContentType string
	Body        []byte
}

// Trouble makes trouble from now on.
func (s *Server) Trouble(t Trouble) {
	if t.Times == 0 {
		t.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.troubles = append(s.troubles, &t)
}

// Calm ends all trouble.
func (s *Server) Calm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.troubles = nil
}

// trouble gives what strikes this message, and waits its delay.
func (s *Server) trouble(ctx context.Context, a Action) Trouble {
	t := s.nextTrouble(a)
	if t.Delay > 0 {
		timer := time.NewTimer(t.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		case <-s.ctx.Done():
		}
	}
	if t.Hang {
		select {
		case <-ctx.Done():
		case <-s.ctx.Done():
		}
	}
	return t
}

func (s *Server) nextTrouble(a Action) Trouble {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, t := range s.troubles {
		if t.Action != a && (t.Action != "" || a == Handshake) {
			continue
		}
		if t.Times > 0 {
			t.Times--
		}
		if t.Times == 0 {
			s.troubles = append(s.troubles[:i:i], s.troubles[i+1:]...)
		}
		return *t
	}
	return Trouble{}
}
