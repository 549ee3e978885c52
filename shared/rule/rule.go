// Package rule picks the runbook for a drift: level 1 of healing (DESIGN D28).
// Rules are YAML; a rule's when is a CEL expression over the drift, and the
// first that matches, lowest priority number first, decides alone: a rule that
// matches but is cooling down, used up or broken ends the search, since falling
// through to a weaker rule is how the seed system healed the wrong thing.
// Expressions have bounds on size, cost, memory and time, and what they read is
// untrusted text. Times are UTC, durations in files are seconds.
package rule

import (
	"errors"
	"time"

	"cel.dev/cel-go/cel"

	"github.com/osiriscare/osiris/shared/runbook"
)

// ErrInvalid means that a rule breaks the schema or does not compile.
var ErrInvalid = errors.New("invalid rule")

// Sources of a rule.
const (
	SourceBuiltin  = "builtin"  // embedded in the binary
	SourceCustom   = "custom"   // written by an operator
	SourcePromoted = "promoted" // made by the flywheel
	SourceSynced   = "synced"   // released by Central
)

// Rule is one compiled rule. Callers read it and do not change it.
type Rule struct {
	ID   string
	Name string
	// When is the CEL source over check_id, drift_type, severity, host.os,
	// host.hostname and the map facts.
	When string
	// Runbook it picks, with Parameters already checked against its schema.
	Runbook    *runbook.Runbook
	Parameters map[string]string
	// Priority orders rules, lower first; equal ones go by id.
	Priority int
	Cooldown time.Duration
	// MaxRetries is how often the rule may run again after a first try that
	// did not heal.
	MaxRetries int
	Enabled    bool
	Source     string

	program cel.Program
}
