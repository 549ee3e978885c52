package order

import (
	"context"
	"errors"
	"fmt"
	"time"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"

	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Cancel withdraws an order that was not given to its appliance yet. Afterwards
// nothing stops it: the appliance may be at it before Central hears so.
func (s *Service) Cancel(ctx context.Context, site store.SiteID, id, reason string) (*centralv1.PlacedOrder, error) {
	if err := checkReason(reason); err != nil {
		return nil, err
	}
	before, err := s.Get(ctx, site, id)
	if err != nil {
		return nil, err
	}
	err = s.store.CancelOrder(ctx, site, before.GetOrder().GetOrderId(), auth.Operator(ctx), time.Now().UnixMilli())
	switch {
	case errors.Is(err, store.ErrConflict):
		return nil, tooLate(before)
	case err != nil:
		return nil, fmt.Errorf("withdrawing order %s: %w", id, err)
	}
	return s.Get(ctx, site, id)
}

// tooLate says why an order cannot be withdrawn any more.
func tooLate(p *centralv1.PlacedOrder) error {
	switch p.GetState() {
	case centralv1.OrderState_ORDER_STATE_CANCELLED:
		return fmt.Errorf("%w: it was withdrawn before", ErrOrder)
	case centralv1.OrderState_ORDER_STATE_EXPIRED:
		return fmt.Errorf("%w: it expired, and is not begun any more", ErrOrder)
	case centralv1.OrderState_ORDER_STATE_DONE:
		return fmt.Errorf("%w: it is done", ErrOrder)
	default:
		return fmt.Errorf("%w: its appliance was given it, and nothing stops it any more; runbook orders shows what becomes of it", ErrOrder)
	}
}
