package api

import (
	"context"
	"strings"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"

	"github.com/osiriscare/osiris/central/internal/fleet"
	"github.com/osiriscare/osiris/central/internal/order"
	"github.com/osiriscare/osiris/central/internal/store"
)

// OrderRunbook implements FleetService.
func (s *fleetService) OrderRunbook(ctx context.Context, req *connect.Request[centralv1.OrderRunbookRequest]) (*connect.Response[centralv1.OrderRunbookResponse], error) {
	m := req.Msg
	placed, err := s.Orders.Runbook(ctx, order.Place{
		Site: store.SiteID(m.GetSiteId()), Target: m.GetTarget(), Appliance: store.ApplianceID(m.GetApplianceId()), Reason: m.GetReason(), ValidMs: m.GetValidMs(),
	}, &centralv1.RunbookOrder{
		RunbookId: m.GetRunbookId(), RunbookHash: m.GetRunbookHash(), Parameters: m.GetParameters(), CheckId: m.GetCheckId(), DryRun: m.GetDryRun(),
	})
	return answer(&centralv1.OrderRunbookResponse{Order: placed}, err)
}

// OrderHostKey implements FleetService.
func (s *fleetService) OrderHostKey(ctx context.Context, req *connect.Request[centralv1.OrderHostKeyRequest]) (*connect.Response[centralv1.OrderHostKeyResponse], error) {
	m := req.Msg
	placed, err := s.Orders.HostKey(ctx, order.Place{
		Site: store.SiteID(m.GetSiteId()), Target: m.GetTarget(), Appliance: store.ApplianceID(m.GetApplianceId()), Reason: m.GetReason(), ValidMs: m.GetValidMs(),
	}, &centralv1.HostKeyOrder{Accept: m.GetAccept()})
	return answer(&centralv1.OrderHostKeyResponse{Order: placed}, err)
}

// GetOrder implements FleetService.
func (s *fleetService) GetOrder(ctx context.Context, req *connect.Request[centralv1.GetOrderRequest]) (*connect.Response[centralv1.GetOrderResponse], error) {
	placed, err := s.Orders.Get(ctx, store.SiteID(req.Msg.GetSiteId()), req.Msg.GetOrderId())
	return answer(&centralv1.GetOrderResponse{Order: placed}, err)
}

// CancelOrder implements FleetService.
func (s *fleetService) CancelOrder(ctx context.Context, req *connect.Request[centralv1.CancelOrderRequest]) (*connect.Response[centralv1.CancelOrderResponse], error) {
	placed, err := s.Orders.Cancel(ctx, store.SiteID(req.Msg.GetSiteId()), req.Msg.GetOrderId(), req.Msg.GetReason())
	return answer(&centralv1.CancelOrderResponse{Order: placed}, err)
}

// ListOrders implements FleetService.
func (s *fleetService) ListOrders(ctx context.Context, req *connect.Request[centralv1.ListOrdersRequest]) (*connect.Response[centralv1.ListOrdersResponse], error) {
	m := req.Msg
	list, token, err := s.Orders.List(ctx, store.SiteID(m.GetSiteId()), fleet.Page{Token: m.GetPageToken(), Size: m.GetPageSize()})
	return answer(&centralv1.ListOrdersResponse{Orders: list, NextPageToken: token}, err)
}

// ordered is what the audit log says of an order.
func ordered(m *centralv1.OrderRunbookRequest) string {
	said := []string{m.GetRunbookId(), "on", m.GetTarget()}
	if m.GetDryRun() {
		said = append(said, "dry run")
	}
	for _, p := range m.GetParameters() {
		said = append(said, p.GetName()+"="+p.GetValue())
	}
	return strings.Join(said, " ") + ": " + m.GetReason()
}
