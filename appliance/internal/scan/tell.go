package scan

import (
	"context"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// Causes of a verdict, as events spell them.
const (
	causeFirst     = "first"
	causeChange    = "change"
	causeHeartbeat = "heartbeat"
)

// tell reports verdicts: those that changed one by one, so that each change is
// its own evidence, and otherwise the whole state, which intake proves once an
// hour. Nothing is forgotten when it fails: the next scan tells the state.
func (s *Scanner) tell(ctx context.Context, t script.Target, h host.Host, m *memory, verdicts []check.Verdict, at time.Time) error {
	changed, known := m.news(verdicts)
	for _, v := range changed {
		told := script.Known(v, causeChange, at)
		e := &drift.Event{Source: t.Source(), Kind: drift.KindVerdict, Verdict: &told, AgentTime: at, ReceivedTime: at}
		if err := s.Intake.Observe(ctx, &h, e); err != nil {
			return fmt.Errorf("telling of %s on %s: %w", v.Check, t.Host, err)
		}
	}
	if len(changed) > 0 {
		return nil
	}
	cause := causeHeartbeat
	if !known {
		cause = causeFirst
	}
	state := &drift.State{Cause: cause}
	for _, v := range verdicts {
		state.Verdicts = append(state.Verdicts, script.Known(v, cause, at))
	}
	e := &drift.Event{Source: t.Source(), Kind: drift.KindState, State: state, AgentTime: at, ReceivedTime: at}
	if err := s.Intake.Observe(ctx, &h, e); err != nil {
		return fmt.Errorf("telling the state of %s: %w", t.Host, err)
	}
	return nil
}

// unasked are the verdicts on a host that does not answer: unknown, which is
// neither pass nor fail (D17).
func unasked(ids []check.ID, since time.Time, err error) []check.Verdict {
	reason := fmt.Sprintf("The host could not be asked since %s: %v", since.UTC().Format(time.RFC3339), err)
	out := make([]check.Verdict, 0, len(ids))
	for _, id := range ids {
		out = append(out, check.Verdict{Check: id, Status: check.Unknown, Reason: reason})
	}
	return out
}
