// Package agent is the road to hosts that have an agent: it signs a
// trust.v1.Command for the agent's live session and puts it into that session's
// mailbox (DESIGN D8, D13). The command names agent, session nonce and command
// id, so that it cannot be replayed on another session or machine; parameters
// are checked against the runbook's schema before anything is signed.
package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/osiriscare/osiris/appliance/internal/remote"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/signed"
)

// ErrNoRoad means that the runbook does not run through agents.
var ErrNoRoad = errors.New("runbook has no way through an agent")

// Sessions are the live streams. Send hands build the nonce of the agent's
// session and puts what it returns into the mailbox; a nil message sends
// nothing. It returns remote.ErrAway when there is no session or its mailbox is
// full, and the error of build.
type Sessions interface {
	Send(ctx context.Context, agentID string, build func(nonce []byte) (*compliancev1.ApplianceMessage, error)) error
}

// Runner signs and sends.
type Runner struct {
	key      *signed.Key
	sessions Sessions
}

// New takes the appliance's command key.
func New(key *signed.Key, sessions Sessions) *Runner { return &Runner{key: key, sessions: sessions} }

// Run sends r to the target's agent, unless its session already had it.
func (r *Runner) Run(ctx context.Context, target remote.Target, run remote.Run) (remote.Delivery, error) {
	if run.Runbook.Roads.Agent == nil || target.AgentID == "" {
		return remote.Delivery{}, fmt.Errorf("%w: %s", ErrNoRoad, run.Runbook.ID)
	}
	parameters, err := run.Runbook.Validate(run.Parameters)
	if err != nil {
		return remote.Delivery{}, err
	}
	var delivery remote.Delivery
	err = r.sessions.Send(ctx, target.AgentID, func(nonce []byte) (*compliancev1.ApplianceMessage, error) {
		delivery = remote.Delivery{Session: bytes.Clone(nonce), Sent: !bytes.Equal(nonce, run.Session)}
		if !delivery.Sent {
			return nil, nil
		}
		return r.message(target.AgentID, nonce, run, parameters)
	})
	if err != nil {
		return remote.Delivery{}, err
	}
	return delivery, nil
}

func (r *Runner) message(agentID string, nonce []byte, run remote.Run, parameters map[string]string) (*compliancev1.ApplianceMessage, error) {
	command := &trustlite.Command{
		AgentId: agentID, SessionNonce: nonce, CommandId: run.CommandID[:], PolicyVersion: run.PolicyVersion,
		RunbookId: run.Runbook.ID, RunbookHash: run.Runbook.Hash[:], IncidentId: run.IncidentID,
		CheckId: string(run.CheckID), TimeoutMs: uint32(run.Timeout.Milliseconds()), DryRun: run.DryRun,
	}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		command.Parameters = append(command.Parameters, &trustlite.Parameter{Name: name, Value: parameters[name]})
	}
	payload, err := command.MarshalVT()
	if err != nil {
		return nil, fmt.Errorf("encoding command: %w", err)
	}
	e := r.key.Seal(signed.Command, payload)
	envelope := &trustv1.SignedEnvelope{Payload: e.Payload, KeyId: e.KeyID[:], Signature: e.Signature}
	return &compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Command{Command: envelope}}, nil
}
