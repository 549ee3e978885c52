package action

import (
	"errors"
	"fmt"

	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
)

// idSize is the length of command ids and session nonces.
const idSize = 16

// refusalLimit is how many commands that cannot be believed are answered in one
// session. Answers are queued, so without it a broken appliance could push true
// records out of the queue.
const refusalLimit = 16

// Session is what a command's freshness is bound to.
type Session struct {
	AgentID      string
	Nonce        [idSize]byte
	ClockSuspect bool

	refused int
}

// errFlood ends a session that sends nothing but commands we refuse.
var errFlood = errors.New("the appliance keeps sending commands that are refused")

// Submit takes a command off a session. Everything about it is checked here; what
// is refused is answered in the queue. An error means that the session should
// end. It does not wait for the command to run.
func (r *Runner) Submit(s *Session, envelope []byte) error {
	command, err := r.Authority.OpenCommand(envelope)
	if err != nil {
		// Only to say which command is meant; nothing of it is believed.
		return r.disbelieve(s, peek(envelope), err)
	}
	switch {
	case len(command.CommandId) != idSize:
		err = errors.New("the command has no id")
	case command.AgentId != s.AgentID:
		err = errors.New("the command is for another agent")
	case string(command.SessionNonce) != string(s.Nonce[:]):
		err = errors.New("the command is for another session")
	}
	if err != nil {
		return r.disbelieve(s, command, err)
	}
	r.Log.Info("command received", "command_id", command.CommandId, "runbook", command.RunbookId,
		"check", command.CheckId, "dry_run", command.DryRun)
	return r.accept(s, command)
}

// peek reads a command that did not verify; what cannot be read is empty.
func peek(envelope []byte) *trustlite.Command {
	var e wire.Envelope
	command := &trustlite.Command{}
	if wire.Decode(envelope, &e) != nil || wire.Decode(e.Payload, (*wire.Command)(command)) != nil {
		return &trustlite.Command{}
	}
	return command
}

func (r *Runner) disbelieve(s *Session, c *trustlite.Command, reason error) error {
	if s.refused++; s.refused > refusalLimit {
		return errFlood
	}
	return r.refuse(c, reason)
}

// accept journals a believed command and hands it to Run, once per id.
func (r *Runner) accept(s *Session, c *trustlite.Command) error {
	known, err := r.journal.find(c.CommandId)
	if err != nil {
		return err
	}
	if known != nil {
		return r.again(s, known)
	}
	e := &entry{command: c, phase: phaseDetect, result: newResult(c)}
	if err := r.permitted(s, c); err != nil {
		return r.decline(s, e, err)
	}
	if len(r.work) == cap(r.work) {
		r.Log.Warn("command left for later", "command_id", c.CommandId)
		return nil
	}
	if err := r.journal.write(e); err != nil {
		return r.decline(s, e, fmt.Errorf("the journal cannot be written: %w", err))
	}
	r.boundary("accepted")
	r.work <- e // the only sender is the session's reader, so there is room
	return nil
}

// decline answers a believed command that may not run.
func (r *Runner) decline(s *Session, e *entry, reason error) error {
	e.finish(wire.Refused, reason.Error())
	r.Log.Warn("command refused", "command_id", e.command.CommandId, "reason", e.result.Message)
	return r.answer(s, e)
}

// answer queues a result. What a full disk refuses is Run's to try again.
func (r *Runner) answer(s *Session, e *entry) error {
	if s.refused++; s.refused > refusalLimit {
		return errFlood
	}
	err := r.journal.finish(e)
	if !errors.Is(err, queue.ErrFull) {
		return err
	}
	if len(r.work) < cap(r.work) { // else the appliance asks again
		r.work <- e
	}
	return nil
}

// again answers a command that came before: with its stored result when the
// appliance no longer has it, and by doing nothing when it is running or queued.
func (r *Runner) again(s *Session, e *entry) error {
	if !e.done || r.journal.waiting(e) {
		return nil
	}
	r.Log.Info("command answered again", "command_id", e.command.CommandId)
	return r.answer(s, e)
}

// permitted says why a believed command may not run, or nil.
func (r *Runner) permitted(s *Session, c *trustlite.Command) error {
	action := find(r.Actions, c.RunbookId)
	switch {
	case action == nil:
		return errors.New("This agent does not have the runbook.") //nolint:staticcheck // a sentence for people
	case check.ID(c.CheckId) != action.Check:
		return errors.New("The runbook does not heal this check.") //nolint:staticcheck // a sentence for people
	case len(c.Parameters) > 0:
		return errors.New("The runbook takes no parameters.") //nolint:staticcheck // a sentence for people
	case s.ClockSuspect && action.Check != check.TimeSync:
		return errors.New("The clock is in doubt; only time synchronisation may be healed.") //nolint:staticcheck // a sentence for people
	}
	return r.tierAllows(s.AgentID, action)
}

func (r *Runner) tierAllows(agentID string, a *Action) error {
	if tier := r.Authority.Tier(agentID, r.Clock()); tier < a.Tier {
		return errors.New("The policy in force does not allow changes on this host.") //nolint:staticcheck // a sentence for people
	}
	return nil
}
