package order

import (
	"context"
	"errors"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
)

// runbook runs an ordered runbook, or asks what became of it.
func (r *Runner) runbook(ctx context.Context, o *row, in *centralv1.RunbookOrder, nowMs int64) (time.Duration, error) {
	begun, waits, err := r.Executor.Known(ctx, [16]byte(o.Order.GetOrderId()))
	if err != nil {
		return retryGap, err
	}
	t, h, err := r.target(ctx, o)
	if err != nil && !errors.Is(err, errUnlisted) {
		return retryGap, err
	}
	book, no := r.book(in)
	if !begun { // as time went by since it was admitted
		if late := o.window(nowMs); late != nil {
			no = late
		}
		if errors.Is(err, errUnlisted) {
			no = &refusal{why: "The target was removed before the run began."}
		} else if other := changed(o.Order, t); other != nil {
			no = other
		}
		if no != nil {
			return 0, r.refuse(ctx, o, nowMs, *no)
		}
	}
	if no != nil {
		book = &runbook.Runbook{ID: in.GetRunbookId()} // the executor has what became of it
	}
	if !begun {
		if err := r.waits(ctx, o, ""); err != nil {
			return retryGap, err
		}
	}
	job := script.Job{
		CommandID: [16]byte(o.Order.GetOrderId()), Target: t, Runbook: book, Parameters: given(in.GetParameters()),
		Check: check.ID(in.GetCheckId()), DryRun: in.GetDryRun(), NotAfter: time.UnixMilli(o.Order.GetNotAfterMs()),
	}
	result, err := r.Executor.Execute(ctx, job)
	switch {
	case errors.Is(err, script.ErrBusy):
		return busyGap, r.waits(ctx, o, "Something else runs on the host.")
	case errors.Is(err, script.ErrPending):
		if waits == "" {
			return busyGap, nil // it was interrupted, or has just begun to wait
		}
		r.stepAside(o)
		return pendingGap, r.waits(ctx, o, "It is verified later: "+waits+".")
	case err != nil:
		return retryGap, err
	}
	return 0, r.finish(ctx, o, r.result(result, t, h, book, o.Order, time.Now().UnixMilli()))
}

func given(list []*trustv1.Parameter) map[string]string {
	if len(list) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, p := range list {
		out[p.GetName()] = p.GetValue()
	}
	return out
}

// finish keeps a result whose evidence the executor has made.
func (r *Runner) finish(ctx context.Context, o *row, result *centralv1.OrderResult) error {
	o.State, o.EndedMs, o.Detail, o.Result = done, time.Now().UnixMilli(), "", result
	if err := r.write(ctx, o, nil); err != nil {
		return err
	}
	r.Log.InfoContext(ctx, "order carried out", "order_id", o.ID, "target", o.Order.GetTarget(), "person", o.Order.GetPerson(),
		"outcome", result.GetOutcome(), "message", result.GetMessage())
	return nil
}

// result is what Central is told.
func (r *Runner) result(in *drift.Result, t script.Target, h host.Host, book *runbook.Runbook, o *centralv1.Order, nowMs int64) *centralv1.OrderResult {
	out := &centralv1.OrderResult{
		Outcome: string(in.Outcome), Message: in.Message, HostId: h.ID, BundleId: resultBundle(in.CommandID), Lab: t.Lab, Resumed: in.Resumed,
		Before: sight(in.Before), After: sight(in.After),
	}
	for _, p := range in.Phases {
		out.Phases = append(out.Phases, &centralv1.OrderPhase{
			Name: p.Name, Ok: p.OK, Detail: p.Detail, StartedMs: p.StartedAt.UnixMilli(), TookMs: p.Duration.Milliseconds(),
		})
	}
	planned := r.plan(out, t, book, given(o.GetRunbook().GetParameters()))
	if in.Outcome == drift.Refused && planned && in.Before == nil && len(in.Phases) == 0 && !o.GetRunbook().GetDryRun() {
		out.Advice = r.advise(t, h, book, o.GetTarget(), nowMs)
	}
	bound(out)
	return out
}

// advise says what a person can do about a refusal before anything ran.
func (r *Runner) advise(t script.Target, h host.Host, book *runbook.Runbook, name string, nowMs int64) string {
	switch {
	case book.AlertOnly:
		return ""
	case !t.Lab:
		return "Look with --dry-run. Where nobody depends on the host, mark it: osirisctl target add " + name + " --replace --lab. All else of it stays as it is."
	case r.Policy.TierOf(h, nowMs) < trustlite.Tier_TIER_SELF_HEAL:
		return "Look with --dry-run. osirisctl policy set --tier heal lets the site's hosts be changed."
	}
	return ""
}

func sight(v *drift.Verdict) *centralv1.OrderSight {
	if v == nil {
		return nil
	}
	s := &centralv1.OrderSight{
		CheckId: string(v.Check), Status: v.Status.String(), Severity: v.Severity, Actual: v.Actual, Expected: v.Expected, Reason: v.Reason,
		ObservedMs: v.ObservedAt.UnixMilli(),
	}
	for _, f := range v.Facts {
		s.Facts = append(s.Facts, &centralv1.OrderFact{Name: f.Name, Value: f.Value})
	}
	return s
}
