package order

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"

	"github.com/osiriscare/osiris/central/internal/store"
)

const (
	// maxSent bounds the orders of one check-in; the next brings more.
	maxSent = 20
	// maxReports and maxReport bound what a check-in says: a result has 128 KiB,
	// and what surrounds it little.
	maxReports = 200
	maxReport  = 160 << 10
)

// errReport means that an appliance said something of an order that cannot be.
var errReport = errors.New("not a report on an order")

// Hear keeps what an appliance says of its orders and names in the answer those
// that it need not tell again. A report that cannot be kept is logged and named
// too: telling it again would change nothing.
func (s *Service) Hear(ctx context.Context, a store.Appliance, m *centralv1.CheckInRequest, answer *centralv1.CheckInResponse) error {
	if m.GetOrderSequence() > 0 && m.GetOrderSequence() <= math.MaxInt64 {
		if err := s.store.SaveOrderMark(ctx, a.ID, m.GetOrderSequence()); err != nil {
			return fmt.Errorf("keeping what %s took: %w", a.ID, err)
		}
	}
	for _, r := range m.GetOrderReports()[:min(len(m.GetOrderReports()), maxReports)] {
		err := s.hear(ctx, a, r)
		switch {
		case errors.Is(err, errReport), errors.Is(err, store.ErrNotFound):
			s.log.WarnContext(ctx, "report on an order refused", "site_id", a.SiteID, "appliance_id", a.ID, "error", err)
		case err != nil:
			return err
		case r.GetState() != centralv1.OrderState_ORDER_STATE_DONE:
			continue
		}
		answer.SettledOrders = append(answer.SettledOrders, r.GetOrderId())
	}
	return nil
}

func (s *Service) hear(ctx context.Context, a store.Appliance, r *centralv1.OrderReport) error {
	switch r.GetState() {
	case centralv1.OrderState_ORDER_STATE_TAKEN, centralv1.OrderState_ORDER_STATE_RUNNING:
	case centralv1.OrderState_ORDER_STATE_DONE:
		if r.GetResult().GetOutcome() == "" {
			return fmt.Errorf("%w: it is done without an outcome", errReport)
		}
	default:
		return fmt.Errorf("%w: state %s", errReport, r.GetState())
	}
	if size := proto.Size(r); size > maxReport {
		return fmt.Errorf("%w: it has %d bytes", errReport, size)
	}
	body, err := proto.Marshal(r)
	if err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	if err := s.store.SaveOrderReport(ctx, a.ID, r.GetOrderId(), int32(r.GetState()), body, time.Now().UnixMilli()); err != nil {
		return fmt.Errorf("keeping report of %s on order %x: %w", a.ID, r.GetOrderId(), err)
	}
	return nil
}

// Answer gives an appliance the orders that it has not taken, as they were signed
// when they were asked for.
func (s *Service) Answer(ctx context.Context, id store.ApplianceID, m *centralv1.CheckInRequest, answer *centralv1.CheckInResponse) error {
	rows, err := s.store.WaitingOrders(ctx, id, m.GetOrderSequence(), time.Now().UnixMilli(), maxWaiting)
	if err != nil {
		return fmt.Errorf("reading orders of %s: %w", id, err)
	}
	for _, row := range rows {
		if len(answer.Orders) == maxSent {
			return nil
		}
		e, err := s.asked(row)
		if err != nil {
			s.log.WarnContext(ctx, "order not sent", "site_id", row.SiteID, "appliance_id", row.ApplianceID, "order_id", hex.EncodeToString(row.ID), "error", err)
			continue
		}
		switch err := s.store.GiveOrder(ctx, row.ID, time.Now().UnixMilli()); {
		case errors.Is(err, store.ErrConflict): // withdrawn just now
		case err != nil:
			return fmt.Errorf("giving order %x to %s: %w", row.ID, id, err)
		default:
			answer.Orders = append(answer.Orders, e)
		}
	}
	return nil
}

// errForged means that a row is not what this Central signed.
var errForged = errors.New("the row is not what was signed when it was asked for")

// asked is a row's envelope, which our own key must have signed for this row: the
// database is no key.
func (s *Service) asked(row store.Order) (*trustv1.SignedEnvelope, error) {
	wire := &trustv1.SignedEnvelope{Payload: row.Body, KeyId: row.KeyID, Signature: row.Signature}
	e, err := signed.FromWire(wire)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errForged, err)
	}
	payload, err := e.Open(signed.Order, s.keys.Online.Public())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errForged, err)
	}
	o := &centralv1.Order{}
	if err := proto.Unmarshal(payload, o); err != nil {
		return nil, fmt.Errorf("%w: %w", errForged, err)
	}
	if o.GetSiteId() != string(row.SiteID) || o.GetApplianceId() != string(row.ApplianceID) || o.GetSequence() != row.Sequence ||
		!bytes.Equal(o.GetOrderId(), row.ID) || o.GetNotAfterMs() != row.NotAfterMs {
		return nil, errForged
	}
	return wire, nil
}
