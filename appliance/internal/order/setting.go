package order

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/store"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// Limits.
const (
	// maxAhead is how far a sequence may be ahead of the order's own end, seconds.
	maxAhead = 24 * 60 * 60
	// maxOpen bounds what is under way; Central sends the rest again.
	maxOpen = 100
	// maxTold bounds the results of one check-in; the next brings more.
	maxTold = 1 << 20
	// kept is how long the row of an order stays that Central has the result of.
	kept = 30 * 24 * time.Hour
)

// Errors of what came.
var (
	errOther = errors.New("the order is for another appliance")
	errForm  = errors.New("the order has no id or no sequence")
	errFull  = errors.New("too many orders are under way")
	errAhead = errors.New("its sequence is a day or more ahead of its window: none after it could be taken")
	errAgain = errors.New("another order had its id")
)

// Opener verifies an order: *policy.Holder does.
type Opener interface {
	OpenOrder(e *trustv1.SignedEnvelope) (*centralv1.Order, error)
}

// Tell implements uplink.Setting: which order is the newest, and what became of
// those whose result Central has not confirmed.
func (o *Orders) Tell(ctx context.Context, m *centralv1.CheckInRequest) error {
	newest, err := o.newest(ctx)
	if err != nil {
		return err
	}
	m.OrderSequence = uint64(newest) //nolint:gosec // rows have positive ones
	rows, err := o.list(ctx, "", maxOpen)
	if err != nil {
		return err
	}
	size := 0
	for _, r := range rows {
		report := r.report()
		if size += proto.Size(report); size > maxTold && len(m.OrderReports) > 0 {
			break
		}
		m.OrderReports = append(m.OrderReports, report)
	}
	return nil
}

func (r *row) report() *centralv1.OrderReport {
	states := map[state]centralv1.OrderState{
		taken: centralv1.OrderState_ORDER_STATE_TAKEN, running: centralv1.OrderState_ORDER_STATE_RUNNING, done: centralv1.OrderState_ORDER_STATE_DONE,
	}
	return &centralv1.OrderReport{
		OrderId: r.Order.GetOrderId(), State: states[r.State], TakenMs: r.TakenMs, BegunMs: r.BegunMs, EndedMs: r.EndedMs,
		Detail: r.Detail, Result: r.ended(),
	}
}

// ended is the result of an order that is done; before, it is only a plan.
func (r *row) ended() *centralv1.OrderResult {
	if r.State == done {
		return r.Result
	}
	return nil
}

// Take implements uplink.Setting. What does not verify, or is not for this
// appliance, is an error and keeps no other from being taken. One that was taken
// already, or is older than one that was, changes nothing.
func (o *Orders) Take(ctx context.Context, m *centralv1.CheckInResponse) (changed bool, err error) {
	errs := []error{o.settle(ctx, m.GetSettledOrders())}
	var orders []*row
	for _, e := range m.GetOrders() {
		r, err := o.read(e)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		orders = append(orders, r)
	}
	slices.SortFunc(orders, func(a, b *row) int { return cmp.Compare(a.sequence, b.sequence) })
	for _, r := range orders {
		did, err := o.keep(ctx, r)
		changed = changed || did
		if err != nil {
			errs = append(errs, fmt.Errorf("taking order %s: %w", r.ID, err))
		}
		if err != nil && !errors.Is(err, errAgain) {
			break // what comes after must not be taken before it
		}
	}
	if changed {
		o.wake()
	}
	return changed, errors.Join(errs...)
}

func (o *Orders) read(e *trustv1.SignedEnvelope) (*row, error) {
	order, err := o.opener.OpenOrder(e)
	if err != nil {
		return nil, err
	}
	r := &row{ID: hex.EncodeToString(order.GetOrderId()), Order: order, State: taken, body: e.GetPayload()}
	switch {
	case order.GetApplianceId() != o.cfg.ApplianceID:
		return nil, fmt.Errorf("taking order %s: %w", r.ID, errOther)
	case len(order.GetOrderId()) != 16 || order.GetSequence() == 0 || order.GetSequence() > math.MaxInt64:
		return nil, fmt.Errorf("taking order %s: %w", r.ID, errForm)
	case order.GetSequence() > uint64(max(order.GetNotAfterMs(), 0)/1000)+maxAhead:
		return nil, fmt.Errorf("taking order %s: %w", r.ID, errAhead)
	}
	r.sequence = int64(order.GetSequence()) //nolint:gosec // bounded above
	return r, nil
}

// keep keeps an order that is newer than all that were taken.
func (o *Orders) keep(ctx context.Context, r *row) (news bool, err error) {
	r.TakenMs = time.Now().UnixMilli()
	err = o.store.Write(ctx, func(tx *store.Tx) error {
		var newest, open, known int64
		news = false
		err := tx.QueryRowContext(ctx, "SELECT coalesce(max(sequence), 0), coalesce(sum(state <> 'done'), 0), coalesce(sum(id = ?), 0) FROM central_order", r.ID).
			Scan(&newest, &open, &known)
		switch {
		case err != nil:
			return err
		case r.sequence <= newest:
			return nil
		case known > 0:
			return errAgain
		case open >= maxOpen:
			return errFull
		}
		news = true
		return r.save(ctx, tx)
	})
	return news && err == nil, err
}

// settle lets go of results that Central has.
func (o *Orders) settle(ctx context.Context, ids [][]byte) error {
	if len(ids) == 0 {
		return nil
	}
	err := o.store.Write(ctx, func(tx *store.Tx) error {
		for _, id := range ids {
			_, err := tx.ExecContext(ctx, "UPDATE central_order SET told = 1, result = x'' WHERE id = ? AND state = 'done'", hex.EncodeToString(id))
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM central_order WHERE told = 1 AND ended_ms < ?
			AND sequence < (SELECT max(sequence) FROM central_order)`, time.Now().Add(-kept).UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("settling orders: %w", err)
	}
	return nil
}
