package probe

import (
	"context"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// platform is what the probe keeps between readings of Windows.
type platform struct{ machine }

// Checks are those that this system has readers for.
func Checks() []check.ID {
	ids := []check.ID{check.RMMDetection}
	for i := range windowsTable {
		ids = append(ids, windowsTable[i].id)
	}
	return ids
}

func (p *Probe) reader(id check.ID) func(context.Context) (check.Facts, error) {
	sources := windowsSources(id)
	switch {
	case id == check.RMMDetection:
		return p.readRMM
	case id == identity:
		p.attach()
		return p.identify
	case sources == "":
		return nil
	}
	p.attach()
	return func(ctx context.Context) (check.Facts, error) { return p.read(ctx, sources) }
}

// attach connects the probe with the running Windows.
func (p *Probe) attach() {
	p.mu.Lock()
	if p.provider == nil {
		system := &windowsSystem{updates: updateSearch{search: pendingUpdates}}
		p.clock = p.Clock
		p.registry, p.provider, p.now = system, system, time.Now
	}
	p.mu.Unlock()
}
