package identity

import (
	"crypto/tls"
	"sync"
)

// session is a tls.ClientSessionCache for the one appliance there is; the
// standard one is made for many.
type session struct {
	mu   sync.Mutex
	name string
	held *tls.ClientSessionState
}

// Get gives the session held for a name.
func (s *session) Get(name string) (*tls.ClientSessionState, bool) {
	s.mu.Lock()
	held, known := s.held, s.held != nil && s.name == name
	s.mu.Unlock()
	return held, known
}

// Put holds a session, or none.
func (s *session) Put(name string, state *tls.ClientSessionState) {
	s.mu.Lock()
	s.name, s.held = name, state
	s.mu.Unlock()
}
