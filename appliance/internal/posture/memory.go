package posture

import (
	"net/netip"
	"sync"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// lostAfter is how many sweeps in a row a port or a device is silent until that is
// believed: one may be a restart.
const lostAfter = 3

// memory is what a scanner knows of a device between sweeps.
type memory struct {
	mu       sync.Mutex
	away     int                    // sweeps in a row without it
	told     bool                   // that it is away
	skipped  int                    // sweeps in a row whose time did not suffice for it
	looked   time.Time              // when its ports were asked last
	kept     string                 // what is stored of open
	open     map[netip.AddrPort]int // ports that were open, and for how many sweeps they were silent
	verdicts map[check.ID]check.Status
}

// memory finds or makes that of a device.
func (s *Scanner) memory(key string) *memory {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.devices[key]
	if m == nil {
		m = &memory{open: map[netip.AddrPort]int{}}
		s.devices[key] = m
	}
	return m
}

func (m *memory) opened(to netip.AddrPort) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open[to] = 0
}

func (m *memory) closed(to netip.AddrPort) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.open, to)
}

// silent tells whether a silent port was open lately, so that what is behind it may
// still be there.
func (m *memory) silent(to netip.AddrPort) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, was := m.open[to]
	if !was {
		return false
	}
	if m.open[to] = n + 1; n+1 >= lostAfter {
		delete(m.open, to)
		return false
	}
	return true
}

// back says that the device was looked at.
func (m *memory) back(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away, m.told, m.skipped, m.looked = 0, false, 0, now
}

func (m *memory) lookedAt() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.looked
}

// left says that the device is there and was not looked at, and gives for how many
// sweeps.
func (m *memory) left() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away, m.told = 0, false
	m.skipped++
	return m.skipped
}

// miss says that the device was not seen, and tells whether that is to be told.
func (m *memory) miss() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away++
	return m.away >= lostAfter && !m.told
}

// gone says that it was told.
func (m *memory) gone() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = true
}

// news gives the verdicts whose status is another than was told, and whether there
// were any.
func (m *memory) news(verdicts []check.Verdict) (changed []check.Verdict, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.verdicts == nil {
		return nil, false
	}
	for _, v := range verdicts {
		if m.verdicts[v.Check] != v.Status {
			changed = append(changed, v)
		}
	}
	return changed, true
}

// say remembers verdicts that were told.
func (m *memory) say(verdicts ...check.Verdict) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.verdicts == nil {
		m.verdicts = map[check.ID]check.Status{}
	}
	for _, v := range verdicts {
		m.verdicts[v.Check] = v.Status
	}
}
