package drift

import (
	"fmt"
	"time"

	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/check"
)

// Outcome of a command. What is not stated is a failure.
type Outcome string

// Outcomes.
const (
	Healed     Outcome = "healed"      // verify passed after a change
	NotNeeded  Outcome = "not_needed"  // detect passed, nothing was changed
	RolledBack Outcome = "rolled_back" // verify failed, the snapshot is restored
	Failed     Outcome = "failed"      // failed, and rollback failed or was impossible
	Refused    Outcome = "refused"     // refused before anything ran
	DryRun     Outcome = "dry_run"     // nothing was changed on purpose
)

// Result is what became of a command.
type Result struct {
	CommandID  string
	RunbookID  string
	Check      check.ID
	IncidentID string
	Outcome    Outcome
	Message    string
	Phases     []Phase
	// Before and After are nil when detect or verify did not run.
	Before, After *Verdict
	// Resumed is set when the agent was restarted in between.
	Resumed bool
}

// Phase is one step of a runbook.
type Phase struct {
	Name      string
	OK        bool
	Detail    string
	StartedAt time.Time
	Duration  time.Duration
}

func outcome(o compliancev1.Outcome) Outcome {
	switch o {
	case compliancev1.Outcome_OUTCOME_HEALED:
		return Healed
	case compliancev1.Outcome_OUTCOME_NOT_NEEDED:
		return NotNeeded
	case compliancev1.Outcome_OUTCOME_ROLLED_BACK:
		return RolledBack
	case compliancev1.Outcome_OUTCOME_REFUSED:
		return Refused
	case compliancev1.Outcome_OUTCOME_DRY_RUN:
		return DryRun
	default:
		return Failed
	}
}

func (c *conversion) result(m *compliancev1.CommandResult) (*Result, error) {
	r := &Result{Outcome: outcome(m.GetOutcome()), Resumed: m.GetResumed()}
	var err error
	if r.CommandID, err = hexID("command id", m.GetCommandId()); err != nil {
		return nil, err
	}
	if err := c.resultNames(m, r); err != nil {
		return nil, fmt.Errorf("result of command %s: %w", r.CommandID, err)
	}
	if r.Phases, err = c.phases(m.GetPhases()); err != nil {
		return nil, fmt.Errorf("result of command %s: %w", r.CommandID, err)
	}
	if m.GetBefore() != nil {
		if r.Before, err = c.verdict(m.GetBefore()); err != nil {
			return nil, fmt.Errorf("result of command %s: before: %w", r.CommandID, err)
		}
	}
	if m.GetAfter() != nil {
		if r.After, err = c.verdict(m.GetAfter()); err != nil {
			return nil, fmt.Errorf("result of command %s: after: %w", r.CommandID, err)
		}
	}
	return r, nil
}

func (c *conversion) resultNames(m *compliancev1.CommandResult, r *Result) error {
	var err error
	if r.RunbookID, err = word("runbook id", m.GetRunbookId()); err != nil {
		return err
	}
	id, err := word("check id", m.GetCheckId())
	if err != nil {
		return err
	}
	r.Check = check.ID(id)
	if r.IncidentID, err = word("incident id", m.GetIncidentId()); err != nil {
		return err
	}
	r.Message, err = text("message", m.GetMessage())
	return err
}

func (c *conversion) phases(in []*compliancev1.PhaseResult) ([]Phase, error) {
	if len(in) > MaxPhases {
		return nil, fmt.Errorf("%w: %d phases, at most %d", ErrTooLarge, len(in), MaxPhases)
	}
	out := make([]Phase, 0, len(in))
	for _, p := range in {
		name, err := identifier("phase", p.GetPhase())
		if err != nil {
			return nil, err
		}
		detail, err := text("detail of "+name, p.GetDetail())
		if err != nil {
			return nil, err
		}
		out = append(out, Phase{
			Name: name, OK: p.GetOk(), Detail: detail,
			StartedAt: c.time(p.GetStartedMs()), Duration: duration(p.GetDurationMs()),
		})
	}
	return out, nil
}

// duration cuts what a wrong clock can make of a difference: below zero, or
// more than a day, which no runbook takes.
func duration(ms int64) time.Duration {
	const day = 24 * time.Hour
	return time.Duration(min(max(ms, 0), day.Milliseconds())) * time.Millisecond
}
