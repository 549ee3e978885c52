package script

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
)

const (
	// margin is what carrying a document takes besides running it: PowerShell
	// alone starts for seconds.
	margin = 20 * time.Second
	// rebootPatience is how long a host may take until somebody restarts it.
	rebootPatience, rebootEvery = 24 * time.Hour, time.Minute
	// lostPatience is how long a host may be away after something was changed.
	lostPatience, lostEvery = time.Hour, 30 * time.Second
)

// execution is one run at work.
type execution struct {
	*Executor
	*entry
	target Target
	book   *runbook.Runbook
	host   host.Host

	road       *runbook.ScriptRoad
	parameters map[string]string
	reason     string // why verify does not pass
}

// execute goes on from the entry's phase. Without an outcome afterwards it was cut
// off by ctx, or verify is pending.
func (x *execution) execute(ctx context.Context) {
	if !x.ready() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, x.book.Timeout()+2*margin)
	defer cancel()
	switch x.Phase {
	case phaseDetect, phaseSnapshot: // nothing was changed, so it begins anew
		x.Result.Phases = nil
		if !x.prepare(limited, ctx) {
			return
		}
		x.remediate(limited)
		if x.Result.Outcome != "" || ctx.Err() != nil {
			return
		}
		if x.Reboot {
			x.wait(ctx, "the host has to be restarted", rebootEvery, rebootPatience)
			return
		}
	case phaseRemediate:
		x.note(ctx, phaseRemediate, time.Now(), false, "Interrupted by a restart of the appliance; what it did is looked at.")
	}
	if x.Phase != phaseRollback && !x.settle(ctx) || ctx.Err() != nil {
		return
	}
	x.rollback(ctx)
}

// ready finds the road and the parameters.
func (x *execution) ready() bool {
	x.road = x.book.Roads.WinRM
	if x.target.Kind.Platform() == "linux" {
		x.road = x.book.Roads.SSH
	}
	if x.book.Platform != x.target.Kind.Platform() {
		x.finish(drift.Refused, "Runbook "+x.book.ID+" is for "+x.book.Platform+".")
		return false
	}
	if x.road == nil {
		x.finish(drift.Refused, "Runbook "+x.book.ID+" has no scripts for "+x.book.Platform+".")
		return false
	}
	var err error
	if x.parameters, err = x.book.ForScripts(x.road, x.Parameters, x.Policy.Parameters); err != nil {
		x.finish(drift.Refused, err.Error())
		return false
	}
	return true
}

// forbidden says why nothing may be changed on the host, or "".
func (x *execution) forbidden() string {
	switch {
	case !x.target.Lab:
		return "Over this road only hosts marked lab are changed so far."
	case x.Policy.TierOf(x.host, time.Now().UnixMilli()) < trustlite.Tier_TIER_SELF_HEAL:
		return "The policy only monitors this host."
	default:
		return ""
	}
}

// prepare is detect and snapshot; false means that the run has its outcome, or
// was cut off, and nothing was changed.
func (x *execution) prepare(ctx, whole context.Context) bool {
	if why := x.forbidden(); why != "" && !x.DryRun && !x.book.AlertOnly {
		x.finish(drift.Refused, why)
		return false
	}
	if !x.begin(ctx, phaseDetect) {
		return false
	}
	started := time.Now()
	seen, err := x.look(ctx)
	if err != nil {
		return x.stopped(whole, phaseDetect, started, err)
	}
	x.Result.Before = seen.verdict(x.Result.Check, started)
	x.note(ctx, phaseDetect, started, !seen.any(check.Unknown), seen.reason)
	if !x.worthwhile(seen) {
		return false
	}
	return x.takeSnapshot(ctx, whole)
}

// worthwhile is what follows from detect.
func (x *execution) worthwhile(seen *sight) bool {
	owner := seen.owner()
	switch why := x.book.Conditions.Admit(seen.facts); {
	case why != "":
		x.finish(drift.Refused, "The runbook is not for this host: "+why+".")
	case seen.any(check.Unknown):
		x.finish(drift.Refused, "The check could not tell what is wrong: "+seen.reason)
	case !seen.any(check.Fail):
		x.finish(drift.NotNeeded, "The check passes already.")
	case x.book.AlertOnly:
		x.finish(drift.Refused, "Only a person can mend this: "+x.book.Advice)
	case owner == "gpo" || owner == "mdm":
		x.finish(drift.Refused, "policy_conflict: "+owner+" sets what this would change; change it there.")
	case owner == ownerUnknown:
		x.finish(drift.Refused, "policy_unknown: what group policy sets could not be read, so this might be changed against it.")
	case x.DryRun:
		x.finish(drift.DryRun, "It would change "+strings.Join(x.road.Remediate.Writes, ", ")+".")
	default:
		return true
	}
	return false
}

func (x *execution) takeSnapshot(ctx, whole context.Context) bool {
	if x.road.Snapshot == nil {
		return true
	}
	if !x.begin(ctx, phaseSnapshot) {
		return false
	}
	started := time.Now()
	out, err := x.phase(ctx, x.road.Snapshot, true)
	if err != nil {
		return x.stopped(whole, phaseSnapshot, started, err)
	}
	x.Snapshot = out.State
	x.note(ctx, phaseSnapshot, started, true, "Kept what will be changed.")
	return true
}

// stopped ends a run that changed nothing; the stop of the appliance is no
// outcome.
func (x *execution) stopped(whole context.Context, phase string, started time.Time, err error) bool {
	if whole.Err() != nil {
		return false
	}
	x.note(whole, phase, started, false, err.Error())
	x.finish(drift.Failed, "Nothing was changed: "+err.Error())
	return false
}

func (x *execution) remediate(ctx context.Context) {
	if !x.begin(ctx, phaseRemediate) {
		return
	}
	started := time.Now()
	out, err := x.phase(ctx, x.road.Remediate, false)
	if err != nil {
		x.note(ctx, phaseRemediate, started, false, err.Error())
		return // verify tells what became of it
	}
	x.Reboot = out.Reboot || x.book.Reboot
	x.note(ctx, phaseRemediate, started, true, did(out))
}

// did is what a phase says of itself.
func did(out runbook.Outcome) string {
	words := "Changed nothing."
	if out.Changed {
		words = "Changed."
	}
	if out.Reboot {
		words += " A restart is needed."
	}
	return strings.Join(append([]string{words}, out.Notes...), " ")
}

// settle verifies; true means that a rollback is due.
func (x *execution) settle(ctx context.Context) bool {
	if !x.begin(ctx, phaseVerify) {
		return false
	}
	started := time.Now()
	seen, err := x.look(ctx)
	late := x.Pending != "" && time.Now().UnixMilli() >= x.GiveUpMs
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil && late:
		x.note(ctx, phaseVerify, started, false, err.Error())
		x.finish(drift.Failed, "It could not be verified, and what state the host is in is not known: "+err.Error())
		return false
	case err != nil:
		x.reason = err.Error()
		x.wait(ctx, "the host cannot be asked: "+err.Error(), lostEvery, lostPatience)
		return false
	}
	x.Result.After, x.reason = seen.verdict(x.Result.Check, started), seen.reason
	healed := seen.passes(x.Result.Check)
	if !healed && x.Reboot && !late {
		x.wait(ctx, "the host has to be restarted", rebootEvery, rebootPatience)
		return false
	}
	x.note(ctx, phaseVerify, started, healed, seen.reason)
	if healed {
		x.finish(drift.Healed, seen.reason)
	}
	return !healed
}

// wait leaves verify for later. The first reason counts for how long.
func (x *execution) wait(ctx context.Context, why string, every, patience time.Duration) {
	now := time.Now()
	if x.Pending == "" {
		x.GiveUpMs = now.Add(patience).UnixMilli()
		x.Log.InfoContext(ctx, "verification pending", "command_id", x.CommandID, "host_id", x.host.ID, "reason", why)
	}
	x.Phase, x.Pending, x.DueMs = phaseVerify, clip(why), now.Add(every).UnixMilli()
	if err := x.save(ctx, x.entry); err != nil {
		x.Log.ErrorContext(ctx, "journalling a phase", "command_id", x.CommandID, "phase", phaseVerify, "error", err)
	}
}

func (x *execution) rollback(ctx context.Context) {
	reason := "Verify did not pass."
	if x.reason != "" {
		reason = "Verify did not pass: " + x.reason
	}
	if x.road.Rollback == nil {
		x.finish(drift.Failed, reason+" There is no way back: "+x.road.NoRollback)
		return
	}
	if !x.begin(ctx, phaseRollback) {
		return
	}
	started := time.Now()
	out, err := x.phase(ctx, x.road.Rollback, true)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		x.note(ctx, phaseRollback, started, false, err.Error())
		x.finish(drift.Failed, reason+" The rollback did not succeed: "+err.Error())
		return
	}
	x.note(ctx, phaseRollback, started, true, did(out))
	x.finish(drift.RolledBack, reason+" The former state was restored.")
}

// begin journals that a phase is about to run. Without the journal a crash would
// leave the host half-way unnoticed, so nothing goes on without it.
func (x *execution) begin(ctx context.Context, phase string) bool {
	before := x.Phase
	x.Phase = phase
	err := x.save(ctx, x.entry)
	if err == nil {
		return true
	}
	x.Log.ErrorContext(ctx, "journalling a phase", "command_id", x.CommandID, "phase", phase, "error", err)
	x.Phase = before
	if phase == phaseDetect || phase == phaseSnapshot || phase == phaseRemediate {
		x.finish(drift.Failed, "The journal cannot be written; nothing was changed.")
	}
	return false
}

func (x *execution) note(ctx context.Context, phase string, started time.Time, ok bool, detail string) {
	x.Result.Phases = append(x.Result.Phases, drift.Phase{
		Name: phase, OK: ok, Detail: clip(detail), StartedAt: started, Duration: time.Since(started),
	})
	x.Log.DebugContext(ctx, "phase done", "command_id", x.CommandID, "phase", phase, "ok", ok, "detail", detail)
}

// errPart means that the script itself says that it did not succeed.
var errPart = errors.New("the script did not succeed")

// phase runs one script within its time. One that ends late is abandoned; verify
// tells what it did.
func (x *execution) phase(ctx context.Context, p *runbook.Phase, idempotent bool) (runbook.Outcome, error) {
	d, err := x.Catalogue.Document(p.Script)
	if err != nil {
		return runbook.Outcome{}, err
	}
	d.Parameters = x.parameters
	if p.Script.Kind == runbook.Rollback {
		d.Snapshot = x.Snapshot
	}
	limited, cancel := context.WithTimeout(ctx, p.Timeout()+margin)
	defer cancel()
	reply, err := x.Road.Run(limited, x.target, d, idempotent)
	if err != nil {
		return runbook.Outcome{}, err
	}
	out, ok := reply.Part(string(p.Script.Kind))
	if !ok {
		return out, fmt.Errorf("%w: the reply has no such part", errPart)
	}
	if !out.OK {
		return out, fmt.Errorf("%w: %s", errPart, out.Reason())
	}
	return out, nil
}
