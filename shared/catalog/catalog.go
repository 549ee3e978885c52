// Package catalog is the one table that ties a check to its title, HIPAA
// citations, advice, drift type, sensor check ids, aliases, runbook, parameters
// and fact classes (DESIGN D17, D18, D33). Servers use it; the agent does not,
// it carries only ids and judges.
//
// Citations name sections of 45 CFR as "164.312(b)", primary first; a check
// supports a safeguard, it never proves compliance. Drift types and sensor ids
// are those deployed sensors send. Sensor ids are shown and never looked up:
// they collide with runbook ids of the seeds, so routing goes by drift type.
// What these functions return is shared: callers read it and do not change it.
package catalog

import "github.com/osiriscare/osiris/shared/check"

var (
	table   = concat(everywhere, linuxOnly, windowsOnly, windowsRemote, linuxAccess, linuxUpkeep, networkOnly, macOnly)
	byName  = indexNames(table)
	byDrift = indexDriftTypes(table)
)

// Checks returns every check, in a fixed order.
func Checks() []Check { return table }

// Find returns the check with this id or alias.
func Find(name check.ID) (Check, bool) {
	i, ok := byName[name]
	if !ok {
		return Check{}, false
	}
	return table[i], true
}

// FindDriftType returns the check whose failure has this drift type.
func FindDriftType(driftType string) (Check, bool) {
	i, ok := byDrift[driftType]
	if !ok {
		return Check{}, false
	}
	return table[i], true
}

func concat(parts ...[]Check) []Check {
	var all []Check
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

func indexNames(checks []Check) map[check.ID]int {
	index := make(map[check.ID]int, 2*len(checks))
	for i, c := range checks {
		index[c.ID] = i
		for _, alias := range c.Aliases {
			index[alias] = i
		}
	}
	return index
}

func indexDriftTypes(checks []Check) map[string]int {
	index := make(map[string]int, len(checks))
	for i, c := range checks {
		index[c.DriftType] = i
	}
	return index
}
