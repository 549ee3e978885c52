package rule

import "time"

// Outcome says how a search ended.
type Outcome string

// Outcomes. Only Matched may lead to a command.
const (
	Matched   Outcome = "matched"   // Rule heals this
	NoRule    Outcome = "no_rule"   // nothing matches
	Cooling   Outcome = "cooling"   // Rule matches and waits until Until
	Exhausted Outcome = "exhausted" // Rule matches and has no try left
	Broken    Outcome = "broken"    // Rule could not be judged, or picks the wrong runbook
)

// Decision is the end of a search.
type Decision struct {
	Outcome Outcome
	// Rule that ended the search; nil for NoRule.
	Rule *Rule
	// Until is when a cooling rule may run again.
	Until time.Time
	// Err says what is wrong with a broken rule.
	Err error
}
