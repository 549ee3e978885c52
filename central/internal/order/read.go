package order

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"

	"github.com/osiriscare/osiris/central/internal/fleet"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Get gives one order with its result, or store.ErrNotFound.
func (s *Service) Get(ctx context.Context, site store.SiteID, id string) (*centralv1.PlacedOrder, error) {
	raw, err := parseID(id)
	if err != nil {
		return nil, err
	}
	row, err := s.store.Order(ctx, site, raw)
	if err != nil {
		return nil, fmt.Errorf("reading order %s of %s: %w", id, site, err)
	}
	return s.one(ctx, row)
}

func parseID(id string) ([]byte, error) {
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != 16 {
		return nil, fmt.Errorf("%w: %.64q is not the id of one, 32 hexadecimal digits", ErrOrder, id)
	}
	return raw, nil
}

func (s *Service) one(ctx context.Context, row store.Order) (*centralv1.PlacedOrder, error) {
	appliances, err := s.appliances(ctx, row.SiteID)
	if err != nil {
		return nil, err
	}
	return placed(row, appliances, time.Now())
}

// List gives a page of a site's orders, newest first, with the short part of
// their results.
func (s *Service) List(ctx context.Context, site store.SiteID, p fleet.Page) ([]*centralv1.PlacedOrder, string, error) {
	var before store.OrderKey
	if err := p.After(&before); err != nil {
		return nil, "", err
	}
	if _, err := s.store.Site(ctx, site); err != nil {
		return nil, "", fmt.Errorf("reading site %s: %w", site, err)
	}
	rows, err := s.store.Orders(ctx, site, before, p.Limit()+1)
	if err != nil {
		return nil, "", fmt.Errorf("listing orders of %s: %w", site, err)
	}
	token := ""
	if len(rows) > p.Limit() {
		rows = rows[:p.Limit()]
		last := rows[len(rows)-1]
		token = fleet.Next(store.OrderKey{Sequence: last.Sequence, ID: last.ID})
	}
	appliances, err := s.appliances(ctx, site)
	if err != nil {
		return nil, "", err
	}
	out := make([]*centralv1.PlacedOrder, len(rows))
	for n, row := range rows {
		if out[n], err = placed(row, appliances, time.Now()); err != nil {
			return nil, "", err
		}
		if r := out[n].GetReport().GetResult(); r != nil {
			r.Phases, r.Before, r.After, r.Steps, r.Parameters = nil, nil, nil, nil, nil
		}
	}
	return out, token, nil
}

func (s *Service) appliances(ctx context.Context, site store.SiteID) (map[store.ApplianceID]store.Appliance, error) {
	all, err := s.store.Appliances(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("reading appliances of %s: %w", site, err)
	}
	out := map[store.ApplianceID]store.Appliance{}
	for _, a := range all {
		out[a.ID] = a
	}
	return out, nil
}

// placed reads a row and says where it stands.
func placed(row store.Order, appliances map[store.ApplianceID]store.Appliance, now time.Time) (*centralv1.PlacedOrder, error) {
	p := &centralv1.PlacedOrder{OrderId: hex.EncodeToString(row.ID), Order: &centralv1.Order{}, State: centralv1.OrderState(row.State)}
	if err := proto.Unmarshal(row.Body, p.Order); err != nil {
		return nil, fmt.Errorf("reading order %x: %w", row.ID, err)
	}
	if len(row.Report) > 0 {
		p.Report = &centralv1.OrderReport{}
		if err := proto.Unmarshal(row.Report, p.Report); err != nil {
			return nil, fmt.Errorf("reading report on order %x: %w", row.ID, err)
		}
	}
	if p.State == centralv1.OrderState_ORDER_STATE_UNSPECIFIED {
		p.State = centralv1.OrderState_ORDER_STATE_WAITING
		switch {
		case row.Cancelled:
			p.State = centralv1.OrderState_ORDER_STATE_CANCELLED
		case now.UnixMilli() >= row.NotAfterMs:
			p.State = centralv1.OrderState_ORDER_STATE_EXPIRED
		}
	}
	a := appliances[row.ApplianceID]
	p.LastCheckInMs, p.ApplianceState = a.CheckIn.AtMs, fleet.ApplianceState(a, now)
	return p, nil
}
