package action

import (
	"context"
	"crypto/sha256"
	"strconv"
	"time"

	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
)

const (
	// standingTick is how often it is looked whether something stands to be done.
	standingTick = 30 * time.Second
	// standingTimeout is a run's own limit, which a command would bring.
	standingTimeout = 10 * time.Minute
	// phaseStanding is noted first, so that evidence says who ordered the run.
	phaseStanding = "standing_order"
)

// Orders says what is to be done without a link (D8): nil for nothing, else on
// whose behalf and by which policy; *link.Link does.
type Orders interface {
	Standing(runbook string, id check.ID) (s *Session, policyVersion uint64)
}

// stand follows the standing orders. Such a run is a command that nobody sent:
// the same checks, journal and phases. Its id follows from agent, runbook and
// hour of the clock, so a runbook runs at most once in an hour, whatever
// restarts. What is not permitted is passed over: nobody waits for an answer.
func (r *Runner) stand(ctx context.Context) {
	for i := range r.Actions {
		a := &r.Actions[i]
		s, version := r.Orders.Standing(a.Runbook, a.Check)
		if s == nil {
			continue
		}
		id := sha256.Sum256(strconv.AppendInt(append([]byte("standing "+s.AgentID), a.Runbook...), r.Clock()/time.Hour.Milliseconds(), 10))
		c := &trustlite.Command{
			AgentId: s.AgentID, CommandId: id[:idSize], PolicyVersion: version,
			RunbookId: a.Runbook, CheckId: string(a.Check), TimeoutMs: uint32(standingTimeout.Milliseconds()),
		}
		known, err := r.journal.find(c.CommandId)
		if err != nil || known != nil || r.permitted(s, c) != nil {
			continue // a journal that cannot be read cannot be written either
		}
		e := &entry{command: c, phase: phaseDetect, result: newResult(c)}
		e.result.Phases = [][]byte{wire.Encode(&wire.PhaseResult{
			Phase: phaseStanding, OK: true, StartedMs: time.Now().UnixMilli(),
			Detail: "There is no link, and policy " + strconv.FormatUint(version, 10) + " names this runbook.",
		})}
		r.run(ctx, e)
	}
}
