// Package runbook is the catalogue of fixes (DESIGN D26): versioned data, one
// YAML file per runbook, embedded. A runbook is named by its own id
// (linux.sysctl.harden); the ids the seeds gave it are kept for reading and never
// dispatched on. Its Hash is SHA-256 over the file's bytes and, if it has scripts,
// over every text that runs with it; commands and evidence name it. Parameters
// are text in, text out, checked against a schema; what runs is named per road,
// never written as a shell line by a caller. Times are seconds.
//
// On the roads winrm and ssh only texts of this catalogue run (Texts). Facts
// scripts, one per check and platform, read what the judge of shared/check takes;
// a runbook's detect and verify are the facts scripts of its checks. Document is
// what a host gets on its standard input, Reply what it answers; both have one
// form for Windows and one for Linux, and bounds (docs/runbooks.md).
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
	// SeedIDs are what the seeds called it; where two of theirs mean the same fix,
	// it has both.
	SeedIDs []string `yaml:"seed_ids"`
	Title   string   `yaml:"title"`
	// Platform is windows, darwin or linux.
	Platform string `yaml:"platform"`
	// Checks it heals; verify re-runs them.
	Checks []check.ID `yaml:"checks"`
	// AlertOnly runbooks detect, and say what a person does then: nothing of theirs
	// changes a host.
	AlertOnly bool `yaml:"alert_only"`
	// Advice is what that person does; every alert-only runbook has it.
	Advice string `yaml:"advice"`
	// LabOnly runbooks run on hosts marked "lab" only, until they were seen working
	// on real machines.
	LabOnly bool `yaml:"lab_only"`
	// Conditions say which hosts it is for.
	Conditions Conditions `yaml:"conditions"`
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
