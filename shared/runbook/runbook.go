// Package runbook is the catalogue of fixes (DESIGN D26): versioned data, one
// YAML file per runbook, embedded. A runbook is named by its own id
// (linux.sysctl.harden); the id the seeds gave it is kept for reading and never
// dispatched on. Its Hash is SHA-256 over the file's bytes; commands and
// evidence name it. Parameters are text in, text out, checked against a schema;
// what runs is named per road, never written as a shell line by a caller.
// Times are seconds.
package runbook

import (
	"errors"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// Errors that callers tell apart.
var (
	// ErrUnknown means that the catalogue has no such runbook.
	ErrUnknown = errors.New("no such runbook")
	// ErrParameter means that a parameter is missing, unknown or out of bounds.
	ErrParameter = errors.New("bad parameter")
	// ErrInvalid means that a runbook's file breaks the schema.
	ErrInvalid = errors.New("invalid runbook")
)

// Runbook is one catalogued fix. Callers read it and do not change it.
type Runbook struct {
	ID string `yaml:"id"`
	// SeedID is what the seeds called it.
	SeedID string `yaml:"seed_id"`
	Title  string `yaml:"title"`
	// Platform is windows, darwin or linux.
	Platform string `yaml:"platform"`
	// Checks it heals; verify re-runs them.
	Checks []check.ID `yaml:"checks"`
	// Disruptive runbooks interrupt people and need a window or an approval.
	Disruptive bool `yaml:"disruptive"`
	// Reboot is set when the fix takes effect only after one.
	Reboot         bool                 `yaml:"reboot"`
	TimeoutSeconds int                  `yaml:"timeout_seconds"`
	Citations      []string             `yaml:"citations"`
	Parameters     map[string]Parameter `yaml:"parameters"`
	Roads          Roads                `yaml:"roads"`

	// Hash is SHA-256 over the file's bytes.
	Hash [32]byte `yaml:"-"`
}

// Roads name what runs on each way to a host.
type Roads struct {
	Agent *AgentRoad `yaml:"agent"`
}

// AgentRoad names an action that is compiled into the agent.
type AgentRoad struct {
	Action string `yaml:"action"`
}

// Timeout is the longest time all phases together may take.
func (r *Runbook) Timeout() time.Duration { return time.Duration(r.TimeoutSeconds) * time.Second }

// Heals reports whether the runbook is for this check.
func (r *Runbook) Heals(id check.ID) bool {
	for _, c := range r.Checks {
		if c == id {
			return true
		}
	}
	return false
}
