package order

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/store"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// maxWindow is the longest window that an order may have.
const maxWindow = time.Hour

// notKnown refuses an order of a newer Central.
const notKnown = "This appliance does not know what is ordered; it is older than Central."

// errUnlisted means that the appliance scans no such target.
var errUnlisted = errors.New("no such target")

// refusal is why an order is not begun, and what a person can do about it.
type refusal struct{ why, advice string }

// admit judges an order that was taken, and begins it with its evidence.
func (r *Runner) admit(ctx context.Context, o *row, nowMs int64) (time.Duration, error) {
	if no := window(o.Order, nowMs); no != nil {
		return 0, r.refuse(ctx, o, nowMs, no.why, no.advice)
	}
	if early := o.Order.GetNotBeforeMs() - nowMs; early > 0 {
		return time.Duration(early) * time.Millisecond, r.waits(ctx, o, "Its window begins at "+clock(o.Order.GetNotBeforeMs())+", by the appliance's clock.")
	}
	t, h, err := r.target(ctx, o)
	switch {
	case errors.Is(err, errUnlisted) && nowMs < o.TakenMs+targetGrace.Milliseconds():
		return busyGap, nil
	case errors.Is(err, errUnlisted):
		return 0, r.refuse(ctx, o, nowMs, "The appliance has no target "+o.Order.GetTarget()+" ("+o.Order.GetTargetId()+").",
			"See osirisctl target list: the target was removed or given another host, or is for another appliance.")
	case err != nil:
		return retryGap, err
	}
	if no := r.judge(o.Order, t); no != nil {
		return 0, r.refuse(ctx, o, nowMs, no.why, no.advice)
	}
	o.State, o.BegunMs, o.Detail = running, nowMs, "Its evidence is being logged."
	b := r.orderEvidence(o, h, nowMs)
	return evidenceGap, r.write(ctx, o, func(ctx context.Context, tx *store.Tx) error { return add(ctx, tx, b) })
}

// window refuses an order whose time is over, or is longer than it may be.
func window(o *centralv1.Order, nowMs int64) *refusal {
	from, to := o.GetNotBeforeMs(), o.GetNotAfterMs()
	switch {
	case to <= from || to-from > maxWindow.Milliseconds():
		return &refusal{"The order's window is not within an hour.", "Order it again."}
	case nowMs >= to:
		return &refusal{
			"It could not begin until " + clock(to) + "; by the appliance's clock it is " + clock(nowMs) + ".",
			"Order it again; if the appliance's clock is wrong, set it first.",
		}
	}
	return nil
}

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05Z") }

// target finds the order's target and its host record.
func (r *Runner) target(ctx context.Context, o *row) (script.Target, host.Host, error) {
	all, err := r.Targets.List(ctx)
	if err != nil {
		return script.Target{}, host.Host{}, fmt.Errorf("listing targets: %w", err)
	}
	for _, t := range all {
		if t.ID != o.Order.GetTargetId() {
			continue
		}
		h, err := r.Hosts.Target(ctx, t.Record())
		if err != nil {
			return t, h, fmt.Errorf("finding the host of %s: %w", t.Host, err)
		}
		return t, h, nil
	}
	return script.Target{}, host.Host{}, errUnlisted
}

// judge refuses what can be seen to be wrong before anything is asked. The rest,
// tiers and the lab rule among it, is the executor's.
func (r *Runner) judge(o *centralv1.Order, t script.Target) *refusal {
	switch what := o.GetWhat().(type) {
	case *centralv1.Order_Runbook:
		_, no := r.book(what.Runbook)
		return no
	case *centralv1.Order_HostKey:
		switch {
		case t.Kind != script.Linux:
			return &refusal{"The target is no SSH host.", ""}
		case t.Pin != [32]byte{}:
			return &refusal{"The target has a pin of its own, which alone decides.", "Change it with osirisctl target add --replace --pin."}
		}
		return nil
	}
	return &refusal{notKnown, "Update the appliance."}
}

// book finds the ordered runbook, which must be the one that was looked at.
func (r *Runner) book(o *centralv1.RunbookOrder) (*runbook.Runbook, *refusal) {
	book, err := r.Catalogue.Get(o.GetRunbookId())
	switch {
	case err != nil:
		return nil, &refusal{"The appliance's catalogue has no runbook " + o.GetRunbookId() + ".", "Update the appliance."}
	case !bytes.Equal(book.Hash[:], o.GetRunbookHash()):
		return nil, &refusal{
			fmt.Sprintf("Runbook %s is another one in the appliance's catalogue (%s) than the one that was ordered (%.16s).",
				book.ID, hex.EncodeToString(book.Hash[:8]), hex.EncodeToString(o.GetRunbookHash())),
			"Bring appliance, Central and osirisctl to the same release.",
		}
	case o.GetCheckId() != "" && !book.Heals(check.ID(o.GetCheckId())):
		return nil, &refusal{"Runbook " + book.ID + " is not for the check " + o.GetCheckId() + ".", ""}
	}
	return book, nil
}
