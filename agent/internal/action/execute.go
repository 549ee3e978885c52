package action

import (
	"context"
	"errors"
	"time"

	"github.com/osiriscare/osiris/agent/internal/record"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/check"
)

// Phases, as the wire and the journal spell them.
const (
	phaseDetect    = "detect"
	phaseSnapshot  = "snapshot"
	phaseRemediate = "remediate"
	phaseVerify    = "verify"
	phaseRollback  = "rollback"
)

// Bounds of a command's own timeout, and the time a rollback gets whatever has
// been used up.
const (
	defaultTimeout  = time.Minute
	longestTimeout  = 15 * time.Minute
	rollbackTimeout = time.Minute
)

func timeout(ms uint32) time.Duration {
	if ms == 0 {
		return defaultTimeout
	}
	return min(time.Duration(ms)*time.Millisecond, longestTimeout)
}

// run state of one command.
type execution struct {
	*Runner
	*entry
	action *Action
	host   *Host
	reason string // of the verdict after
}

// execute goes on from the entry's phase. It leaves the outcome unspecified when
// ctx ended: then the next start goes on from the journal.
func (r *Runner) execute(ctx context.Context, e *entry) {
	action := find(r.Actions, e.command.RunbookId)
	if action == nil { // a resumed command of an agent that has since been replaced
		e.finish(wire.Failed, "This agent no longer has the runbook.")
		return
	}
	x := &execution{Runner: r, entry: e, action: action, host: &Host{
		Root: r.Root, Parameters: r.Authority.Parameters(action.Check), windows: r.Windows, journal: r.journal,
	}}
	limited, cancel := context.WithTimeout(ctx, timeout(e.command.TimeoutMs))
	defer cancel()
	switch e.phase {
	case phaseDetect, phaseSnapshot:
		if e.result.Resumed {
			// Nothing was changed, so it begins anew, by today's policy.
			e.result.Phases = nil
			if err := r.tierAllows(e.command.AgentId, action); err != nil {
				e.finish(wire.Refused, err.Error())
				return
			}
		}
		if !x.prepare(limited) {
			return
		}
		x.remediate(limited)
	case phaseRemediate:
		x.note(phaseRemediate, time.Now(), false, "Interrupted by a restart of the agent.")
	}
	if ctx.Err() != nil || e.result.Outcome != 0 {
		return
	}
	if e.phase != phaseRollback && x.verify(limited) {
		return
	}
	if ctx.Err() != nil {
		return
	}
	late, stop := context.WithTimeout(ctx, rollbackTimeout)
	defer stop()
	x.rollback(late)
}

func (e *entry) finish(outcome wire.Outcome, message string) {
	e.result.Outcome, e.result.Message = outcome, record.Text(message)
}

// begin journals that a phase is about to run.
func (x *execution) begin(phase string) error {
	x.phase = phase
	if err := x.journal.write(x.entry); err != nil {
		return err
	}
	x.boundary(phase)
	return nil
}

// note keeps what a phase did.
func (x *execution) note(phase string, started time.Time, ok bool, detail string) {
	x.result.Phases = append(x.result.Phases, wire.Encode(&wire.PhaseResult{
		Phase: phase, OK: ok, Detail: record.Text(detail),
		StartedMs: started.UnixMilli(), DurationMs: time.Since(started).Milliseconds(),
	}))
	x.Log.Info("phase done", "command_id", x.command.CommandId, "phase", phase, "ok", ok, "detail", detail)
	x.boundary(phase + " done")
}

func (x *execution) judge(ctx context.Context) check.Verdict {
	return check.Judge(x.action.Check, x.Reader.Read(ctx, x.action.Check), x.host.Parameters)
}

// prepare is detect and snapshot; false means that the command has its outcome,
// or was cut off, and nothing was changed.
func (x *execution) prepare(ctx context.Context) bool {
	started := time.Now()
	if err := x.begin(phaseDetect); err != nil {
		x.finish(wire.Failed, "The journal cannot be written; nothing was changed: "+err.Error())
		return false
	}
	v := x.judge(ctx)
	if ctx.Err() != nil {
		return x.cutOff(ctx)
	}
	x.result.Before = wire.Encode(record.Verdict(&v, started.UnixMilli(), ""))
	x.note(phaseDetect, started, v.Status == check.Pass || v.Status == check.Fail, v.Reason)
	x.host.Verdict = &v
	owner, _ := v.Facts.Get(check.FactOwner)
	switch {
	case v.Status == check.Pass:
		x.finish(wire.NotNeeded, "The check passes already.")
		return false
	case v.Status != check.Fail:
		x.finish(wire.Refused, "The check could not tell what is wrong: "+v.Reason)
		return false
	case owner == "gpo" || owner == "mdm":
		// It would be undone at the next refresh.
		x.finish(wire.Refused, "policy_conflict: "+owner+" sets what this would change; change it there.")
		return false
	case x.command.DryRun:
		x.finish(wire.DryRun, x.action.Plan)
		return false
	}
	return x.takeSnapshot(ctx)
}

func (x *execution) takeSnapshot(ctx context.Context) bool {
	started := time.Now()
	err := x.begin(phaseSnapshot)
	if err == nil {
		x.snapshot, err = x.action.Fix.Snapshot(ctx, x.host)
	}
	if err != nil {
		x.note(phaseSnapshot, started, false, err.Error())
		x.finish(wire.Failed, "No snapshot could be taken; nothing was changed: "+err.Error())
		return false
	}
	x.note(phaseSnapshot, started, true, "Kept what will be changed.")
	if ctx.Err() != nil {
		return x.cutOff(ctx)
	}
	return true
}

// cutOff answers false; a timeout is an outcome, a shutdown is not.
func (x *execution) cutOff(ctx context.Context) bool {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		x.finish(wire.Failed, "Time ran out before anything was changed.")
	}
	return false
}

func (x *execution) remediate(ctx context.Context) {
	started := time.Now()
	if err := x.begin(phaseRemediate); err != nil {
		// Without the journal a crash would leave the host half-way unnoticed.
		x.note(phaseRemediate, started, false, err.Error())
		x.finish(wire.Failed, "The journal cannot be written; nothing was changed: "+err.Error())
		return
	}
	x.host.Snapshot = x.snapshot
	detail, err := x.action.Fix.Apply(ctx, x.host)
	if err != nil {
		detail = err.Error()
	}
	x.note(phaseRemediate, started, err == nil, detail)
}

// verify is true when the check passes now.
func (x *execution) verify(ctx context.Context) bool {
	started := time.Now()
	if err := x.begin(phaseVerify); err != nil {
		x.Log.Error("journalling a phase", "phase", phaseVerify, "error", err) // the entry says remediate, which resumes the same
	}
	v := x.judge(ctx)
	x.reason = v.Reason
	x.result.After = wire.Encode(record.Verdict(&v, started.UnixMilli(), ""))
	x.note(phaseVerify, started, v.Status == check.Pass, v.Reason)
	if v.Status == check.Pass {
		x.finish(wire.Healed, v.Reason)
	}
	return v.Status == check.Pass
}

func (x *execution) rollback(ctx context.Context) {
	started := time.Now()
	if err := x.begin(phaseRollback); err != nil {
		x.Log.Error("journalling a phase", "phase", phaseRollback, "error", err)
	}
	reason := "Verify did not pass."
	if x.reason != "" {
		reason = "Verify did not pass: " + x.reason
	}
	if err := x.action.Fix.Revert(ctx, x.host, x.snapshot); err != nil {
		x.note(phaseRollback, started, false, err.Error())
		x.finish(wire.Failed, reason+" The rollback did not succeed: "+err.Error())
		return
	}
	x.note(phaseRollback, started, true, "Restored the snapshot.")
	x.finish(wire.RolledBack, reason+" The former state was restored.")
}
