package rule

import (
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// Input is the drift a rule is picked for.
type Input struct {
	Check     check.ID
	DriftType string
	Severity  string
	Host      Host
	Facts     check.Facts
}

// Host is what rules may know of a host.
type Host struct {
	// OS is windows, darwin or linux.
	OS       string
	Hostname string
}

// Past is what a rule has already done about one host's check.
type Past struct {
	// LastRun is when it last began; zero when it never ran.
	LastRun time.Time
	// Tries is how often it ran in this incident without healing it.
	Tries int
}

// History tells a rule's past for the host and check of the Input.
type History func(ruleID string) Past

// variables is the CEL activation of in. The first of facts with one name wins,
// as in check.Facts.
func (in *Input) variables() map[string]any {
	facts := make(map[string]string, len(in.Facts))
	for _, f := range in.Facts {
		if _, seen := facts[f.Name]; !seen {
			facts[f.Name] = f.Value
		}
	}
	return map[string]any{
		"check_id": string(in.Check), "drift_type": in.DriftType, "severity": in.Severity,
		"host.os": in.Host.OS, "host.hostname": in.Host.Hostname, "facts": facts,
	}
}
