package scan

import (
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/shared/check"
)

// lostAfter is how many scans in a row end without a reply until the verdicts are
// unknown: one may be a restart.
const lostAfter = 3

// slowFailure is after what time a failure makes a host a slow one.
const slowFailure = time.Second

// memory is what a scanner knows of a target between sweeps.
type memory struct {
	kind script.Kind

	mu       sync.Mutex
	running  bool
	hung     bool // it was slow to fail last time
	failures int
	good     time.Time // when it answered last
	first    time.Time // when it failed first since
	guarded  bool      // an agent or sensor has it
	rests    time.Time // since when a sensor alone has it, or it was asked meanwhile
	verdicts map[check.ID]check.Status
}

// memory finds or makes that of a target.
func (s *Scanner) memory(t script.Target) *memory {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.targets[t.ID]
	if m == nil {
		m = &memory{kind: t.Kind}
		s.targets[t.ID] = m
	}
	return m
}

// forget drops what is known of targets of a kind that are gone.
func (s *Scanner) forget(kind script.Kind, now []script.Target) {
	listed := map[string]bool{}
	for _, t := range now {
		listed[t.ID] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, m := range s.targets {
		if m.kind == kind && !listed[id] {
			delete(s.targets, id)
		}
	}
}

// start is false while the scan before runs.
func (m *memory) start() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running {
		return false
	}
	m.running = true
	return true
}

func (m *memory) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running = false
}

func (m *memory) slow() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hung
}

func (m *memory) answered(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failures, m.hung, m.good, m.first, m.guarded = 0, false, now, time.Time{}, false
}

func (m *memory) failed(now time.Time, hung bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failures == 0 {
		m.first = now
	}
	m.failures++
	m.hung, m.guarded = hung, false
}

// sensorRest is how long a sensor alone keeps a host from being asked. Anybody who
// reaches the sensors' port can say that they are the sensor of a server, which
// must not switch off that it is looked at.
const sensorRest = time.Hour

// ask tells whether to ask a host that who looks after; "" is nobody. When not, it
// forgets what was said: when who goes, all is told anew.
func (m *memory) ask(who string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case who == "":
		m.rests = time.Time{}
		return true
	case who != host.SourceSensor:
		m.rests = time.Time{}
	case m.rests.IsZero():
		m.rests = now
	case now.Sub(m.rests) >= sensorRest:
		m.rests = now
		return true
	}
	m.guarded, m.verdicts, m.failures = true, nil, 0
	return false
}

func (m *memory) lost() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failures >= lostAfter
}

// since is when it answered last, or failed first.
func (m *memory) since() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.good.IsZero() {
		return m.good
	}
	return m.first
}

// news remembers verdicts and gives those whose status is another than before,
// and whether there were any before.
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
