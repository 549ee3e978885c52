package posture

import (
	"net/netip"
	"sync"

	"github.com/osiriscare/osiris/shared/check"
)

// lostAfter is how many sweeps in a row a port or a device is silent until that is
// believed: one may be a restart.
const lostAfter = 3

// memory is what a scanner knows of a device between sweeps.
type memory struct {
	mu       sync.Mutex
	away     int                    // sweeps in a row without it
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

// back says that the device was seen; miss that it was not, and gives for how many
// sweeps.
func (m *memory) back() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = 0
}

func (m *memory) miss() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away++
	return m.away
}

// news remembers verdicts and gives those whose status is another than before, and
// whether there were any before.
func (m *memory) news(verdicts []check.Verdict) (changed []check.Verdict, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.verdicts
	m.verdicts = make(map[check.ID]check.Status, len(verdicts))
	for _, v := range verdicts {
		m.verdicts[v.Check] = v.Status
		if before != nil && before[v.Check] != v.Status {
			changed = append(changed, v)
		}
	}
	return changed, before != nil
}
