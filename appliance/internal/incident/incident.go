// Package incident keeps one incident per (site, host, check) from the drift
// that opens it to its end (DESIGN §3, D16, D17; domain facts on flap and
// recurrence). Observe is called inside the transaction that accepts a verdict,
// so that neither exists without the other.
//
// States: open (needs a decision), healing (a command is under way), resolved,
// escalated (a person has it; nothing heals it until it is resolved or
// cleared). Only an executed pass of a source that reported the drift takes
// that source's drift away; unknown and not_applicable change nothing. A source that
// stopped looking at a host because an agent judges the check there is superseded:
// its drift ends under that word, not as a resolution. A drift within two hours of a resolution reopens the incident. Times are Unix
// milliseconds of the appliance's clock. ErrNotFound means no such incident.
package incident

import (
	"errors"

	"github.com/osiriscare/osiris/shared/check"
)

// ErrNotFound means that no incident has the id.
var ErrNotFound = errors.New("no such incident")

// recurrenceMs is how long a resolved incident is reopened by the same drift
// instead of a new one being made.
const recurrenceMs = 2 * 60 * 60 * 1000

// State of an incident.
type State string

// The states. Resolved is the only final one.
const (
	Open      State = "open"
	Healing   State = "healing"
	Resolved  State = "resolved"
	Escalated State = "escalated"
)

// Level says who dealt with it last.
type Level string

// The levels of DESIGN §1.
const (
	L1 Level = "L1" // a rule
	L2 Level = "L2" // the planner
	L3 Level = "L3" // a person
)

// Incident is one row.
type Incident struct {
	ID        string
	SiteID    string
	HostID    string
	Hostname  string
	OS        string
	AgentID   string // agent that reported it; empty for other sources
	CheckID   check.ID
	DriftType string
	Severity  string
	Pattern   string   // same for the same trouble on any host
	Sources   []string // sources that see the drift now, sorted
	State     State
	Level     Level  // who decided last; empty until somebody did
	Outcome   string // success, cleared (by others), superseded, reverted, failed, rejected, alert; empty so far
	Reason    string // newest verdict's sentence
	Summary   string // what happened last, one sentence for people
	RunbookID string // last runbook that ran
	Facts     check.Facts
	OpenedMs  int64
	ChangedMs int64
	EndedMs   int64 // when it was resolved; 0 before
	Reopened  int
	Escalated int // times it was escalated
}

// Observation is what one executed check said about one host.
type Observation struct {
	SiteID    string
	HostID    string
	Hostname  string
	OS        string
	AgentID   string
	Source    string // agent, sensor, winrm, ssh or network
	CheckID   check.ID
	DriftType string
	Severity  string
	Status    check.Status
	Reason    string
	Facts     check.Facts
	AtMs      int64
}

// Kind of a change.
type Kind string

// What an observation or a decision did.
const (
	None         Kind = ""
	Opened       Kind = "opened"
	Reopened     Kind = "reopened"
	Updated      Kind = "updated"
	WasResolved  Kind = "resolved"
	WasEscalated Kind = "escalated"
	// WasSuperseded means that nobody is left who sees it, and that it was not
	// seen to pass either.
	WasSuperseded Kind = "superseded"
)

// OutcomeSuperseded is the outcome of an incident that ended so.
const OutcomeSuperseded = "superseded"

// Change is what became of an incident.
type Change struct {
	Kind     Kind
	Incident Incident
}
