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
	// standingGrace is how long there must have been no session: an appliance that
	// restarts is back by then and decides for itself.
	standingGrace = 2 * time.Minute
	// standingTick is how often it is looked whether something stands to be done.
	standingTick = 30 * time.Second
	// standingTimeout is a run's own limit, which a command would bring.
	standingTimeout = 10 * time.Minute
	// phaseStanding is noted first, so that evidence says who ordered the run.
	phaseStanding = "standing_order"
)

// Orders are the runbooks that the signed policy in force names for times
// without a link, and its version; *policy.Policy has them.
type Orders interface {
	Stands(runbook string) (policyVersion uint64, ok bool)
}

// Connection is what is known of the link; *link.Link is one.
type Connection interface {
	Away() time.Duration // since the last session; 0 while one is open
	ClockSuspect() bool
}

// Standing heals without a link what a standing order names, and nothing else
// (D8). A standing run is a command that nobody sent: it goes through the same
// checks, journal and phases. Its id follows from agent, runbook and hour of the
// clock, so a runbook runs at most once in an hour whatever restarts.
type Standing struct {
	Runner     *Runner
	Orders     Orders
	Connection Connection
	Failing    func(check.ID) bool
	AgentID    func() string
}

// Run looks for work until ctx ends; it returns nil then.
func (s *Standing) Run(ctx context.Context) error {
	for sleep(ctx, standingTick) {
		if s.Connection.Away() < standingGrace {
			continue
		}
		for i := range s.Runner.Actions {
			if err := s.consider(&s.Runner.Actions[i]); err != nil {
				s.Runner.Log.Error("following a standing order", "runbook", s.Runner.Actions[i].Runbook, "error", err)
			}
		}
	}
	return nil
}

// consider runs an action if it is ordered, needed and was not tried this hour.
func (s *Standing) consider(a *Action) error {
	version, ok := s.Orders.Stands(a.Runbook)
	session := &Session{AgentID: s.AgentID(), ClockSuspect: s.Connection.ClockSuspect()}
	if !ok || session.AgentID == "" || !s.Failing(a.Check) {
		return nil
	}
	c := &trustlite.Command{
		AgentId: session.AgentID, CommandId: s.id(session.AgentID, a.Runbook), PolicyVersion: version,
		RunbookId: a.Runbook, CheckId: string(a.Check), TimeoutMs: uint32(standingTimeout.Milliseconds()),
	}
	r := s.Runner
	known, err := r.journal.find(c.CommandId)
	if err != nil || known != nil || r.permitted(session, c) != nil {
		return err // what is not permitted was ordered by nobody: there is nothing to answer
	}
	r.Log.Info("standing order followed", "runbook", a.Runbook, "check", c.CheckId, "policy_version", version, "away", s.Connection.Away())
	return r.accept(session, c, wire.Encode(&wire.PhaseResult{
		Phase: phaseStanding, OK: true, StartedMs: time.Now().UnixMilli(),
		Detail: "No appliance for " + s.Connection.Away().Round(time.Second).String() + "; policy " + strconv.FormatUint(version, 10) + " names this runbook.",
	}))
}

// id is that of this hour's run.
func (s *Standing) id(agentID, runbook string) []byte {
	hour := strconv.FormatInt(s.Runner.Clock()/time.Hour.Milliseconds(), 10)
	sum := sha256.Sum256([]byte("osiris standing order\x00" + agentID + "\x00" + runbook + "\x00" + hour))
	return sum[:idSize]
}
