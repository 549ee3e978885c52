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
	defer s.mu.Unlock()
	return s.held, s.held != nil && s.name == name
}

// Put holds a session, or none.
func (s *session) Put(name string, state *tls.ClientSessionState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.name, s.held = name, state
}
