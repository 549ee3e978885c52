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
	"github.com/osiriscare/osiris/appliance/internal/translog"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/bundle"
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
type refusal struct {
	why, advice string
	bundle      string // of its evidence, when it is not the usual one
}

// admit judges an order that was taken, and begins it with its evidence.
func (r *Runner) admit(ctx context.Context, o *row, nowMs int64) (time.Duration, error) {
	if no := o.window(nowMs); no != nil {
		return 0, r.refuse(ctx, o, nowMs, *no)
	}
	if early := o.Order.GetNotBeforeMs() - nowMs; early > 0 {
		return time.Duration(early) * time.Millisecond, r.waits(ctx, o, "Its window begins at "+clock(o.Order.GetNotBeforeMs())+", by the appliance's clock.")
	}
	if no, err := r.before(ctx, o); err != nil || no != nil {
		if err != nil {
			return retryGap, err
		}
		return 0, r.refuse(ctx, o, nowMs, *no)
	}
	t, h, err := r.target(ctx, o)
	switch {
	case errors.Is(err, errUnlisted) && nowMs < o.TakenMs+targetGrace.Milliseconds():
		return busyGap, nil
	case errors.Is(err, errUnlisted):
		return 0, r.refuse(ctx, o, nowMs, refusal{
			why:    "The appliance has no target " + o.Order.GetTarget() + " (" + o.Order.GetTargetId() + ").",
			advice: "See osirisctl target list: the target was removed or given another host, or is for another appliance.",
		})
	case err != nil:
		return retryGap, err
	}
	if no := changed(o.Order, t); no != nil {
		if nowMs < o.TakenMs+targetGrace.Milliseconds() {
			return busyGap, nil // the new list may come with the same check-in
		}
		return 0, r.refuse(ctx, o, nowMs, *no)
	}
	if no := r.judge(o.Order, t); no != nil {
		return 0, r.refuse(ctx, o, nowMs, *no)
	}
	o.State, o.BegunMs, o.Detail = running, nowMs, "Its evidence is being logged."
	b := r.orderEvidence(o, h, nowMs)
	return evidenceGap, r.write(ctx, o, func(ctx context.Context, tx *store.Tx) error { return add(ctx, tx, b) })
}

// before refuses an order that the log has already: state.db was restored from an
// older copy, and knows nothing of what it did.
func (r *Runner) before(ctx context.Context, o *row) (*refusal, error) {
	id, err := bundle.RawID(o.orderBundle())
	if err != nil {
		return nil, err
	}
	_, err = r.Logged.Get(ctx, id)
	switch {
	case errors.Is(err, translog.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("looking for the evidence of an order: %w", err)
	}
	return &refusal{
		"It was begun before the appliance was restored from an older copy; what became of it is not known here.",
		"See the evidence of the host, and order a dry run.",
		bundle.IDOf("order/" + o.ID + "/restored"), // the log may have the result too
	}, nil
}

// window refuses an order whose time is over, or is longer than it may be.
func (o *row) window(nowMs int64) *refusal {
	from, to := o.Order.GetNotBeforeMs(), o.Order.GetNotAfterMs()
	switch {
	case to <= from || to-from > maxWindow.Milliseconds():
		return &refusal{why: "The order's window is not within an hour.", advice: "Order it again."}
	case nowMs >= to:
		why := "Its window ended at " + clock(to) + ", and by the appliance's clock it is " + clock(nowMs) + "."
		if o.Detail != "" {
			why += " It had to wait: " + o.Detail
		}
		return &refusal{why: why, advice: "Order it again; if the appliance's clock is wrong, set it first."}
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
			return &refusal{why: "The target is no SSH host."}
		case t.Pin != [32]byte{}:
			return &refusal{
				why: "The target has a pin of its own, which alone decides.", advice: "Change it with osirisctl target add " + o.GetTarget() + " --replace --pin.",
			}
		}
		return nil
	}
	return &refusal{why: notKnown, advice: "Update the appliance."}
}

// book finds the ordered runbook, which must be the one that was looked at.
func (r *Runner) book(o *centralv1.RunbookOrder) (*runbook.Runbook, *refusal) {
	book, err := r.Catalogue.Get(o.GetRunbookId())
	switch {
	case err != nil:
		return nil, &refusal{why: "The appliance's catalogue has no runbook " + o.GetRunbookId() + ".", advice: "Update the appliance."}
	case !bytes.Equal(book.Hash[:], o.GetRunbookHash()):
		return nil, &refusal{
			why: fmt.Sprintf("Runbook %s is another one in the appliance's catalogue (%s) than the one that was ordered (%.16s).",
				book.ID, hex.EncodeToString(book.Hash[:8]), hex.EncodeToString(o.GetRunbookHash())),
			advice: "Bring appliance, Central and osirisctl to the same release.",
		}
	case o.GetCheckId() != "" && !book.Heals(check.ID(o.GetCheckId())):
		return nil, &refusal{why: "Runbook " + book.ID + " is not for the check " + o.GetCheckId() + "."}
	}
	return book, nil
}
