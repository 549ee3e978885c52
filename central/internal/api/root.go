package api

import (
	"context"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"

	"github.com/osiriscare/osiris/central/internal/store"
)

// ListSiteRoots implements FleetService.
func (s *fleetService) ListSiteRoots(ctx context.Context, req *connect.Request[centralv1.ListSiteRootsRequest]) (*connect.Response[centralv1.ListSiteRootsResponse], error) {
	roots, err := s.Sites.Roots(ctx, store.SiteID(req.Msg.GetSiteId()))
	all := &centralv1.ListSiteRootsResponse{}
	for _, r := range roots {
		all.Roots = append(all.Roots, &centralv1.SiteRoot{
			Fingerprint: r.Fingerprint, Certificate: r.Certificate, Issuing: r.ReplacedMs == 0, ReplacedMs: r.ReplacedMs,
		})
	}
	return answer(all, err)
}

// RotateSiteRoot implements FleetService.
func (s *fleetService) RotateSiteRoot(ctx context.Context, req *connect.Request[centralv1.RotateSiteRootRequest]) (*connect.Response[centralv1.RotateSiteRootResponse], error) {
	id := store.SiteID(req.Msg.GetSiteId())
	if err := checkReason(req.Msg.GetReason()); err != nil {
		return nil, err
	}
	fingerprint, err := s.Sites.Rotate(ctx, id)
	if err != nil {
		return nil, err
	}
	_, version, err := s.Publish.Trust(ctx, id)
	return answer(&centralv1.RotateSiteRootResponse{Fingerprint: fingerprint, TrustVersion: version}, err)
}

// RemoveSiteRoot implements FleetService.
func (s *fleetService) RemoveSiteRoot(ctx context.Context, req *connect.Request[centralv1.RemoveSiteRootRequest]) (*connect.Response[centralv1.RemoveSiteRootResponse], error) {
	m := req.Msg
	id := store.SiteID(m.GetSiteId())
	if err := checkReason(m.GetReason()); err != nil {
		return nil, err
	}
	if err := s.Sites.RemoveRoot(ctx, id, m.GetFingerprint(), m.GetForce()); err != nil {
		return nil, err
	}
	_, version, err := s.Publish.Trust(ctx, id)
	return answer(&centralv1.RemoveSiteRootResponse{TrustVersion: version}, err)
}
