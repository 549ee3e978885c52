package link

import (
	"sync"
	"time"
)

// standing is what others may ask about the link.
type standing struct {
	mu      sync.Mutex
	since   time.Time // when the last session ended; zero while one is open
	doubted bool      // the last handshake's clock_suspect
}

// held notes that a session is open.
func (s *standing) held() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since = time.Time{}
}

// lost notes that none is.
func (s *standing) lost() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		s.since = time.Now()
	}
}

func (s *standing) suspect(doubted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doubted = doubted
}

// Away is how long there has been no session, and so nobody who could send a
// command; 0 while there is one. Posts of the fallback bring none.
func (s *standing) Away() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		return 0
	}
	return max(time.Since(s.since), 1)
}

// ClockSuspect tells whether the last handshake left the clock in doubt (D15).
func (s *standing) ClockSuspect() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doubted
}
