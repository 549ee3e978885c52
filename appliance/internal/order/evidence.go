package order

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/store"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"
)

// orderBundle names the evidence that the order was begun.
func (o *row) orderBundle() string { return bundle.IDOf("order/" + o.ID + "/begun") }

// resultBundle names the evidence of the result, as package intake names it: a
// command ends once, whoever tells it.
func resultBundle(id string) string { return bundle.IDOf("command/" + id + "/result") }

func add(ctx context.Context, tx *store.Tx, b *bundle.Bundle) error { return outbox.Add(ctx, tx, b) }

// about fills what every bundle on an order has.
func (r *Runner) about(o *row, h host.Host, kind, id string, atMs int64) *bundle.Bundle {
	cfg := r.Orders.cfg
	b := &bundle.Bundle{
		BundleID: id, Kind: kind, SiteID: cfg.SiteID, ApplianceID: cfg.ApplianceID, Appliance: cfg.Version,
		HostID: h.ID, Hostname: h.Hostname, DeviceType: h.DeviceType, Source: "appliance", Level: "L3",
		OrderID: o.ID, CommandID: o.ID, ReceivedTime: bundle.Time(o.TakenMs), MadeTime: bundle.Time(atMs), DeploymentMode: "direct", // as the bundle of its report
	}
	b.TrustVersion, b.PolicyVersion = r.Versions.Versions()
	if run := o.Order.GetRunbook(); run != nil {
		b.RunbookID, b.RunbookHash = run.GetRunbookId(), hex.EncodeToString(run.GetRunbookHash())
		id := check.ID(run.GetCheckId())
		if book, err := r.Catalogue.Get(run.GetRunbookId()); err == nil && id == "" && len(book.Checks) > 0 {
			id = book.Checks[0]
		}
		if c, ok := catalog.Find(id); ok {
			b.CheckID, b.DriftType, b.HIPAAControls = string(c.ID), c.DriftType, c.Citations
		}
	}
	return b
}

// orderEvidence proves that something was ordered, before it is begun.
func (r *Runner) orderEvidence(o *row, h host.Host, nowMs int64) *bundle.Bundle {
	b := r.about(o, h, bundle.KindCommand, o.orderBundle(), nowMs)
	b.Phase, b.Outcome = "order", bundle.OutcomeNone
	b.Actions = []bundle.Action{{Step: "order", OK: true, Detail: o.says(), StartedAt: bundle.Time(nowMs)}}
	b.Summary = o.says()
	return b
}

// says is who ordered what, in one sentence.
func (o *row) says() string {
	what := "something that this appliance does not know"
	switch in := o.Order.GetWhat().(type) {
	case *centralv1.Order_Runbook:
		what = "runbook " + in.Runbook.GetRunbookId()
		if in.Runbook.GetDryRun() {
			what = "a dry run of " + what
		}
		var with []string
		for _, p := range in.Runbook.GetParameters() {
			with = append(with, p.GetName()+"="+p.GetValue())
		}
		if len(with) > 0 {
			what += " with " + strings.Join(with, ", ")
		}
	case *centralv1.Order_HostKey:
		what = "that the SSH host key is forgotten"
		if in.HostKey.GetAccept() != "" {
			what = "that the SSH host key becomes " + in.HostKey.GetAccept()
		}
	}
	s := fmt.Sprintf("%s at Central (order %d) ordered %s on %s.", o.Order.GetPerson(), o.Order.GetSequence(), what, o.Order.GetTarget())
	if o.Order.GetReason() != "" {
		s += " Why: " + o.Order.GetReason()
	}
	return s
}

// outcomes of a result, as evidence names them.
var outcomes = map[string]string{
	replaced: bundle.OutcomeSuccess, forgotten: bundle.OutcomeSuccess, failed: bundle.OutcomeFailed, refused: bundle.OutcomeRejected,
}

// resultEvidence proves a result that is not the executor's.
func (r *Runner) resultEvidence(o *row, h host.Host) func(ctx context.Context, tx *store.Tx) error {
	b := r.about(o, h, bundle.KindResult, o.Result.GetBundleId(), time.Now().UnixMilli())
	b.Phase, b.Outcome = "result", outcomes[o.Result.GetOutcome()]
	b.Summary = o.says() + " " + o.Result.GetOutcome() + ": " + o.Result.GetMessage()
	if pinned, shown := o.Result.GetPinnedFingerprint(), o.Result.GetShownFingerprint(); o.Order.GetHostKey() != nil {
		b.PreState, b.PostState = map[string]string{"pinned": pinned}, map[string]string{"shown": shown}
	}
	b.Actions = []bundle.Action{{
		Step: "result", OK: b.Outcome == bundle.OutcomeSuccess, Detail: o.Result.GetMessage(), StartedAt: bundle.Time(o.BegunMs), DurationMs: max(0, o.EndedMs-o.BegunMs),
	}}
	return func(ctx context.Context, tx *store.Tx) error { return add(ctx, tx, b) }
}
