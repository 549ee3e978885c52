package sensor

import (
	"net"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// sources is a token bucket per address.
type sources struct {
	mu   sync.Mutex
	seen map[string]*rate.Limiter
}

// maxSources bounds the table; when it is full it begins anew.
const maxSources = 4096

func newSources() *sources { return &sources{seen: map[string]*rate.Limiter{}} }

func (s *sources) allow(remote string) bool {
	address, _, err := net.SplitHostPort(remote)
	if err != nil {
		address = remote
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.seen[address]
	if l == nil {
		if len(s.seen) >= maxSources {
			clear(s.seen)
		}
		l = rate.NewLimiter(requestsPerSec, requestsBurst)
		s.seen[address] = l
	}
	return l.AllowN(time.Now(), 1)
}
