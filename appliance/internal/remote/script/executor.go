package script

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
)

// Intake takes the result, and makes evidence of it.
type Intake interface {
	Observe(ctx context.Context, h *host.Host, e *drift.Event) error
}

// Targets are the hosts that may be reached now.
type Targets interface {
	List(ctx context.Context) ([]Target, error)
}

// Hosts has the host record of a target.
type Hosts interface {
	Target(ctx context.Context, t host.Target) (host.Host, error)
}

// Policy is the site's signed settings.
type Policy interface {
	// TierOf is what may be done to a host now.
	TierOf(h host.Host, nowMs int64) trustlite.Tier
	// Parameters are what the site set for a check.
	Parameters(id check.ID) check.Parameters
}

// Deps are what an Executor works with.
type Deps struct {
	Store     *store.Store
	Catalogue *runbook.Catalogue
	Road      Road
	Targets   Targets
	Hosts     Hosts
	Policy    Policy
	Intake    Intake
	Turns     *Turns
	Log       *slog.Logger
}

// Executor runs runbooks, one at a time on a host.
type Executor struct{ Deps }

// New makes an executor; Run goes on with what was interrupted.
func New(d Deps) *Executor {
	d.Log = d.Log.With("component", "script")
	return &Executor{Deps: d}
}

// Job is one ordered runbook. The same CommandID runs once.
type Job struct {
	CommandID  [16]byte
	Target     Target
	Runbook    *runbook.Runbook
	Parameters map[string]string
	// Check is whose verdict the result tells; the runbook's first when empty.
	Check      check.ID
	IncidentID string
	// DryRun detects and says what would be done.
	DryRun bool
	// NotAfter is when a run that was cut off before anything was changed is not
	// begun anew any more; zero means an hour after it began.
	NotAfter time.Time
}

// usualWindow is a job's that does not say until when it may begin.
const usualWindow = time.Hour

// Execute runs the job to its end and gives the result, which is in evidence
// then; a job that was done before gives the stored one. ErrPending means that it
// goes on by itself, ErrBusy that the host is in use. When ctx ends in the middle
// its error is returned, and Run goes on after the next start.
func (x *Executor) Execute(ctx context.Context, job Job) (*drift.Result, error) {
	id := hex.EncodeToString(job.CommandID[:])
	known, err := x.find(ctx, id)
	if err != nil {
		return nil, err
	}
	if known != nil {
		return x.known(known)
	}
	if job.Check == "" && len(job.Runbook.Checks) > 0 {
		job.Check = job.Runbook.Checks[0]
	}
	free, ok := x.Turns.Try(job.Target.ID)
	if !ok {
		return nil, fmt.Errorf("running %s on %s: %w", job.Runbook.ID, job.Target.Host, ErrBusy)
	}
	defer free()
	e := &entry{
		CommandID: id, TargetID: job.Target.ID, RunbookID: job.Runbook.ID, Hash: hex.EncodeToString(job.Runbook.Hash[:]),
		Parameters: job.Parameters, Phase: phaseDetect, StartedMs: time.Now().UnixMilli(), DryRun: job.DryRun,
		Host: job.Target.Host, Port: job.Target.Port, NotAfterMs: job.NotAfter.UnixMilli(),
		Result: drift.Result{CommandID: id, RunbookID: job.Runbook.ID, Check: job.Check, IncidentID: job.IncidentID},
	}
	if job.NotAfter.IsZero() {
		e.NotAfterMs = time.Now().Add(usualWindow).UnixMilli()
	}
	if err := x.save(ctx, e); err != nil {
		return nil, err
	}
	return x.proceed(ctx, e, job.Target, job.Runbook)
}

// known answers for a job that was seen before.
func (x *Executor) known(e *entry) (*drift.Result, error) {
	if !e.Done {
		return nil, fmt.Errorf("command %s: %w", e.CommandID, ErrPending)
	}
	return &e.Result, nil
}

// proceed goes on from the entry's phase and reports what came of it.
func (x *Executor) proceed(ctx context.Context, e *entry, t Target, book *runbook.Runbook) (*drift.Result, error) {
	h, err := x.Hosts.Target(ctx, t.Record())
	if err != nil {
		return nil, fmt.Errorf("finding the host of %s: %w", t.Host, err)
	}
	run := &execution{Executor: x, entry: e, target: t, book: book, host: h}
	if e.Result.Outcome == "" {
		run.execute(ctx)
	}
	switch {
	case e.Result.Outcome != "":
		if err := x.report(ctx, e, t, h); err != nil {
			return nil, err
		}
		return &e.Result, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	default:
		return nil, fmt.Errorf("command %s, %s: %w", e.CommandID, e.Pending, ErrPending)
	}
}

// report makes the result evidence. It is in the journal first, so that a crash
// in between tells the same again.
func (x *Executor) report(ctx context.Context, e *entry, t Target, h host.Host) error {
	if e.EndedMs == 0 {
		e.EndedMs = time.Now().UnixMilli()
	}
	if err := x.save(ctx, e); err != nil {
		return err
	}
	result := e.Result
	event := &drift.Event{
		Source: t.Source(), Kind: drift.KindResult, Result: &result,
		AgentTime: time.UnixMilli(e.EndedMs), ReceivedTime: time.UnixMilli(e.EndedMs),
	}
	if err := x.Intake.Observe(ctx, &h, event); err != nil {
		return fmt.Errorf("reporting command %s: %w", e.CommandID, err)
	}
	e.Done = true
	if err := x.save(ctx, e); err != nil {
		return err
	}
	x.Log.InfoContext(ctx, "runbook ended", "command_id", e.CommandID, "host_id", h.ID, "target", t.Host,
		"runbook_id", e.RunbookID, "outcome", string(e.Result.Outcome), "message", e.Result.Message)
	return nil
}

// pendingEvery is how often what waits is looked at.
const pendingEvery = 10 * time.Second

// Run goes on with what a stop interrupted and with what waits to be verified,
// until ctx ends.
func (x *Executor) Run(ctx context.Context) error {
	tick := time.NewTicker(pendingEvery)
	defer tick.Stop()
	for {
		if err := x.Resume(ctx); err != nil && ctx.Err() == nil {
			x.Log.WarnContext(ctx, "going on with runbooks", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Resume goes on with everything that is due.
func (x *Executor) Resume(ctx context.Context) error {
	entries, err := x.due(ctx, time.Now().UnixMilli())
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return nil
	}
	targets, err := x.Targets.List(ctx)
	if err != nil {
		return fmt.Errorf("listing targets: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if err := x.resume(ctx, e, targets); err != nil && !errors.Is(err, ErrPending) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (x *Executor) resume(ctx context.Context, e *entry, targets []Target) error {
	free, ok := x.Turns.Try(e.TargetID)
	if !ok {
		return nil // somebody is at it; there is a next time
	}
	defer free()
	// It may have ended while its turn was taken.
	if current, err := x.find(ctx, e.CommandID); err != nil || current == nil || current.Done {
		return err
	}
	t, listed := find(targets, e.TargetID)
	book, err := x.Catalogue.Get(e.RunbookID)
	switch {
	case e.Result.Outcome != "":
	case !listed:
		t = Target{ID: e.TargetID}
		e.finish(drift.Failed, "The target was withdrawn before the run ended; what state the host is in is not known.")
	case e.late(time.Now().UnixMilli()):
		e.finish(drift.Refused, "It was interrupted, and its window ended before anything was changed.")
	case e.Host != "" && (e.Host != t.Host || e.Port != t.Port):
		t = Target{ID: e.TargetID}
		e.finish(drift.Failed, "The target was given another address before the run ended; what state the host is in is not known.")
	case err != nil, hex.EncodeToString(book.Hash[:]) != e.Hash:
		e.finish(drift.Failed, "The catalogue changed before the run ended; what state the host is in is not known.")
	case e.Pending == "":
		e.Result.Resumed = true
	}
	_, err = x.proceed(ctx, e, t, book)
	return err
}

func find(targets []Target, id string) (Target, bool) {
	for _, t := range targets {
		if t.ID == id {
			return t, true
		}
	}
	return Target{}, false
}
