package api

import (
	"context"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"

	"github.com/osiriscare/osiris/central/internal/fleet"
	"github.com/osiriscare/osiris/central/internal/store"
)

// reach is the part of a check-in that is about hosts without an agent. What an
// appliance says wrongly of its sealing key is logged and costs it nothing else.
func (s *applianceService) reach(ctx context.Context, a store.Appliance, m *centralv1.CheckInRequest, answer *centralv1.CheckInResponse) error {
	if err := s.Secrets.Hear(ctx, a, m); err != nil {
		s.log.ErrorContext(ctx, "what an appliance said of its credentials refused", "site_id", a.SiteID, "appliance_id", a.ID, "error", err)
	}
	if err := s.Targets.Hear(ctx, a.SiteID, a.ID, m, answer); err != nil {
		return err
	}
	if err := s.Targets.Answer(ctx, a.SiteID, a.ID, m.GetTargetsState(), answer); err != nil {
		return err
	}
	if err := s.Secrets.Answer(ctx, a.SiteID, a.ID, m.GetCredentialsState(), answer); err != nil {
		return err
	}
	if err := s.Orders.Hear(ctx, a, m, answer); err != nil {
		return err
	}
	return s.Orders.Answer(ctx, a.ID, m, answer)
}

// AddTarget implements FleetService.
func (s *fleetService) AddTarget(ctx context.Context, req *connect.Request[centralv1.AddTargetRequest]) (*connect.Response[centralv1.AddTargetResponse], error) {
	err := s.Targets.Add(ctx, store.SiteID(req.Msg.GetSiteId()), req.Msg.GetTarget(), req.Msg.GetReplace())
	return answer(&centralv1.AddTargetResponse{}, err)
}

// ListTargets implements FleetService.
func (s *fleetService) ListTargets(ctx context.Context, req *connect.Request[centralv1.ListTargetsRequest]) (*connect.Response[centralv1.ListTargetsResponse], error) {
	all, waiting, err := s.Targets.List(ctx, store.SiteID(req.Msg.GetSiteId()))
	return answer(&centralv1.ListTargetsResponse{Targets: all, WaitingAppliances: waiting}, err)
}

// RemoveTarget implements FleetService.
func (s *fleetService) RemoveTarget(ctx context.Context, req *connect.Request[centralv1.RemoveTargetRequest]) (*connect.Response[centralv1.RemoveTargetResponse], error) {
	err := s.Targets.Remove(ctx, store.SiteID(req.Msg.GetSiteId()), req.Msg.GetName())
	return answer(&centralv1.RemoveTargetResponse{}, err)
}

// ListDirectory implements FleetService.
func (s *fleetService) ListDirectory(ctx context.Context, req *connect.Request[centralv1.ListDirectoryRequest]) (*connect.Response[centralv1.ListDirectoryResponse], error) {
	m := req.Msg
	return answer(s.Fleet.Directory(ctx, store.SiteID(m.GetSiteId()), m.GetUnwatched(), fleet.Page{Token: m.GetPageToken(), Size: m.GetPageSize()}))
}

// ListSealingKeys implements FleetService.
func (s *fleetService) ListSealingKeys(ctx context.Context, req *connect.Request[centralv1.ListSealingKeysRequest]) (*connect.Response[centralv1.ListSealingKeysResponse], error) {
	id := store.SiteID(req.Msg.GetSiteId())
	keys, err := s.Secrets.Keys(ctx, id)
	if err != nil {
		return nil, err
	}
	chain, _, err := s.Publish.Trust(ctx, id)
	return answer(&centralv1.ListSealingKeysResponse{Trust: chain, Appliances: keys}, err)
}

// PutCredential implements FleetService.
func (s *fleetService) PutCredential(ctx context.Context, req *connect.Request[centralv1.PutCredentialRequest]) (*connect.Response[centralv1.PutCredentialResponse], error) {
	return answer(&centralv1.PutCredentialResponse{}, s.Secrets.Put(ctx, req.Msg))
}

// ListCredentials implements FleetService.
func (s *fleetService) ListCredentials(ctx context.Context, req *connect.Request[centralv1.ListCredentialsRequest]) (*connect.Response[centralv1.ListCredentialsResponse], error) {
	all, err := s.Secrets.List(ctx, store.SiteID(req.Msg.GetSiteId()))
	return answer(&centralv1.ListCredentialsResponse{Credentials: all}, err)
}

// RemoveCredential implements FleetService.
func (s *fleetService) RemoveCredential(ctx context.Context, req *connect.Request[centralv1.RemoveCredentialRequest]) (*connect.Response[centralv1.RemoveCredentialResponse], error) {
	m := req.Msg
	err := s.Secrets.Remove(ctx, store.SiteID(m.GetSiteId()), m.GetName(), m.GetForce())
	return answer(&centralv1.RemoveCredentialResponse{}, err)
}
