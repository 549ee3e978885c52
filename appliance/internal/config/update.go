package config

import (
	"errors"
	"fmt"
	"time"
)

// Update is how agents get a newer program: a share of them after the other.
type Update struct {
	Rings       []Ring `yaml:"rings"`
	HaltCount   int    `yaml:"halt_count"`
	HaltPercent int    `yaml:"halt_percent"`
}

// Ring is a share of the agents of a system.
type Ring struct {
	Percent int           `yaml:"percent"`
	Hosts   []string      `yaml:"hosts,omitempty"`
	Wait    time.Duration `yaml:"wait,omitempty"`
}

// DefaultUpdate suits a practice of a dozen machines: the first ring is one of
// them, and one roll-back halts.
func DefaultUpdate() Update {
	return Update{
		Rings:     []Ring{{Percent: 5, Wait: 24 * time.Hour}, {Percent: 25, Wait: 24 * time.Hour}, {Percent: 100}},
		HaltCount: 1, HaltPercent: 2,
	}
}

// Bounds of rings.
const (
	mostRings = 8
	mostHosts = 100 // a ring names
	longest   = 90 * 24 * time.Hour
)

func (u Update) validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("update."+format, args...)) }
	if len(u.Rings) == 0 || len(u.Rings) > mostRings {
		wrong("rings has %d rings, not 1 to %d", len(u.Rings), mostRings)
	}
	before, named := 0, map[string]bool{}
	for i, r := range u.Rings {
		if r.Percent < before || r.Percent > 100 {
			wrong("rings[%d].percent %d is not between that of the ring before, %d, and 100", i, r.Percent, before)
		}
		if r.Percent == 0 && len(r.Hosts) == 0 {
			wrong("rings[%d] has neither percent nor hosts", i)
		}
		if r.Wait < 0 || r.Wait > longest {
			wrong("rings[%d].wait %s is not between 0s and %s", i, r.Wait, longest)
		}
		if len(r.Hosts) > mostHosts {
			wrong("rings[%d].hosts has more than %d hosts", i, mostHosts)
		}
		for _, h := range r.Hosts {
			if h == "" || named[h] {
				wrong("rings[%d].hosts has %q, which is empty or named before", i, h)
			}
			named[h] = true
		}
		before = max(before, r.Percent)
	}
	if len(u.Rings) > 0 && u.Rings[len(u.Rings)-1].Percent != 100 {
		wrong("rings: the last one has %d percent, not 100: some agents would never be updated", u.Rings[len(u.Rings)-1].Percent)
	}
	if u.HaltCount < 1 {
		wrong("halt_count %d is not 1 or more", u.HaltCount)
	}
	if u.HaltPercent < 0 || u.HaltPercent > 100 {
		wrong("halt_percent %d is not between 0 and 100", u.HaltPercent)
	}
	return errors.Join(errs...)
}
