package api

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/time/rate"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"

	"github.com/osiriscare/osiris/central/internal/archive"
	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/intake"
	"github.com/osiriscare/osiris/central/internal/publish"
	"github.com/osiriscare/osiris/central/internal/site"
	"github.com/osiriscare/osiris/central/internal/store"
)

// claimRate bounds claims of all strangers together: codes have 64 bits, and
// each try costs five signature checks.
var claimRate = rate.NewLimiter(20, 100)

// callerKey holds the appliance row of an authenticated call.
type callerKey struct{}

// onlyAppliances refuses every method but Claim to callers whose certificate
// does not name a live appliance. The row is read at each call, so that a
// retired appliance is out at once.
func onlyAppliances(sites *site.Service) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			if req.Spec().Procedure == centralv1connect.ApplianceServiceClaimProcedure {
				if !claimRate.Allow() {
					return nil, connect.NewError(connect.CodeResourceExhausted, errTooMany)
				}
				return next(ctx, req)
			}
			identity, ok := auth.ApplianceOf(ctx)
			if !ok {
				return nil, connect.NewError(connect.CodeUnauthenticated, errNoCertificate)
			}
			row, err := sites.Appliance(ctx, identity.ID, identity.SiteID)
			if err != nil {
				return nil, err
			}
			return next(context.WithValue(ctx, callerKey{}, row), req)
		}
	}
}

// applianceService implements ApplianceService.
type applianceService struct {
	Deps
	log *slog.Logger
}

var _ centralv1connect.ApplianceServiceHandler = (*applianceService)(nil)

// caller is the appliance that calls.
func caller(ctx context.Context) store.Appliance {
	a, _ := ctx.Value(callerKey{}).(store.Appliance)
	return a
}

// Claim implements ApplianceService.
func (s *applianceService) Claim(ctx context.Context, req *connect.Request[centralv1.ClaimRequest]) (*connect.Response[centralv1.ClaimResponse], error) {
	m := req.Msg
	identity, err := s.Sites.Claim(ctx, site.Claim{
		Code: m.GetCode(), Hostname: m.GetHostname(), HardwareID: m.GetHardwareId(),
		Keys: site.Keys{
			TLS: m.GetTlsKey(), CA: m.GetCaKey(), Command: m.GetCommandKey(), Bundle: m.GetBundleKey(), Log: m.GetLogKey(),
			Proofs: m.GetProofs(),
		},
	})
	if err != nil {
		s.log.WarnContext(ctx, "claim refused", "peer", req.Peer().Addr, "hostname", m.GetHostname(), "error", err)
		return nil, err
	}
	a := identity.Appliance
	chain, _, err := s.Publish.Trust(ctx, a.SiteID)
	if err != nil {
		return nil, err
	}
	policy, _, err := s.Publish.Policy(ctx, a.SiteID)
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "appliance claimed", "site_id", a.SiteID, "appliance_id", a.ID, "hostname", a.Hostname)
	return connect.NewResponse(&centralv1.ClaimResponse{
		SiteId: string(a.SiteID), ApplianceId: string(a.ID), TlsCertificate: a.TLSCertificate, TlsChain: identity.TLSChain,
		CaCertificate: a.CACertificate, SiteRoot: identity.Site.RootDER, Trust: chain, Policy: policy,
		LogOrigin: identity.LogOrigin, SiteName: identity.Site.Name, ClientName: identity.Client.Name,
		OtherAuthorities: identity.Others,
	}), nil
}

// maxHosts bounds one check-in.
const maxHosts = 100_000

// CheckIn implements ApplianceService.
func (s *applianceService) CheckIn(ctx context.Context, req *connect.Request[centralv1.CheckInRequest]) (*connect.Response[centralv1.CheckInResponse], error) {
	m, a, now := req.Msg, caller(ctx), time.Now()
	if len(m.GetHosts()) > maxHosts {
		return nil, connect.NewError(connect.CodeInvalidArgument, errTooManyHosts)
	}
	identity, _ := auth.ApplianceOf(ctx)
	given, err := s.Sites.CheckIn(ctx, a, identity.Certificate, store.CheckIn{
		AtMs: now.UnixMilli(), Hostname: clip(m.GetHostname()), Version: clip(m.GetVersion()), UptimeMs: m.GetUptimeMs(),
		TrustVersion: m.GetTrustVersion(), PolicyVersion: m.GetPolicyVersion(), LogSize: m.GetLogSize(),
		Backlog: m.GetEvidenceBacklog(), OpenIncidents: m.GetOpenIncidents(), DecisionVersion: m.GetDecisionVersion(),
	}, liveHosts(m.GetHosts(), now))
	if err != nil {
		return nil, err
	}
	answer := &centralv1.CheckInResponse{
		ServerMs: now.UnixMilli(), NextCheckInMs: uint32(s.Site.CheckInterval.Milliseconds()),
		TlsCertificate: given.TLS, CaCertificate: given.CA, SiteRoot: given.SiteRoot, OtherAuthorities: given.Others,
	}
	chain, version, err := s.Publish.Trust(ctx, a.SiteID)
	if errors.Is(err, publish.ErrTrustSize) {
		// The site goes on with the document it has; a person must make room.
		s.log.ErrorContext(ctx, "trust document not published", "site_id", a.SiteID, "error", err)
		err = nil
	}
	if err != nil {
		return nil, err
	}
	envelope, policy, err := s.Publish.Policy(ctx, a.SiteID)
	if err != nil {
		return nil, err
	}
	if answer.Decisions, err = s.Publish.Decisions(ctx, a.SiteID, m.GetDecisionVersion()); err != nil {
		return nil, err
	}
	if err := s.reach(ctx, a, m, answer); err != nil {
		return nil, err
	}
	if version > m.GetTrustVersion() {
		answer.Trust = chain
	}
	if policy.GetVersion() > m.GetPolicyVersion() {
		answer.Policy = envelope
	}
	return connect.NewResponse(answer), nil
}

func liveHosts(all []*centralv1.HostStatus, now time.Time) []store.LiveHost {
	hosts := make([]store.LiveHost, 0, len(all))
	for _, h := range all {
		if h.GetHostId() == "" || len(h.GetHostId()) > 64 {
			continue
		}
		hosts = append(hosts, store.LiveHost{
			HostID: h.GetHostId(), AgentID: clip(h.GetAgentId()), Hostname: clip(h.GetHostname()), OS: clip(h.GetOs()),
			OSVersion: clip(h.GetOsVersion()), AgentVersion: clip(h.GetAgentVersion()), Source: clip(h.GetSource()),
			Connected: h.GetConnected(), LastSeenMs: min(h.GetLastSeenMs(), now.UnixMilli()), Asserted: h.GetAsserted(),
			Quarantined: h.GetQuarantined(), Dropped: h.GetDropped(), ReportedMs: now.UnixMilli(), Hold: clip(h.GetHold()),
			Directory: clip(h.GetDirectory()),
		})
	}
	return hosts
}

// clip bounds a foreign text that is only shown.
func clip(s string) string {
	const most = 256
	if len(s) > most {
		return s[:most]
	}
	return s
}

// WitnessState implements ApplianceService.
func (s *applianceService) WitnessState(ctx context.Context, req *connect.Request[centralv1.WitnessStateRequest]) (*connect.Response[centralv1.WitnessStateResponse], error) {
	l, err := s.ownLog(ctx, req.Msg.GetLogOrigin())
	if err != nil {
		return nil, err
	}
	held, err := s.Store.Witnessed(ctx, l.Origin)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&centralv1.WitnessStateResponse{
		LogOrigin: l.Origin, Size: held.Size, Root: held.Root, Checkpoint: held.Checkpoint,
	}), nil
}

// ownLog finds a log of the caller; an empty origin is its newest.
func (s *applianceService) ownLog(ctx context.Context, origin string) (found store.Log, err error) {
	logs, err := s.Store.Logs(ctx, caller(ctx).SiteID)
	if err != nil {
		return store.Log{}, err
	}
	for _, l := range logs {
		if l.ApplianceID == caller(ctx).ID && (origin == "" || l.Origin == origin) {
			found = l
		}
	}
	if found.Origin == "" {
		return store.Log{}, intake.ErrOrigin
	}
	return found, nil
}

// SubmitEvidence implements ApplianceService.
func (s *applianceService) SubmitEvidence(ctx context.Context, req *connect.Request[centralv1.SubmitEvidenceRequest]) (*connect.Response[centralv1.SubmitEvidenceResponse], error) {
	batch := intake.Batch{Origin: req.Msg.GetLogOrigin(), Checkpoint: req.Msg.GetCheckpoint()}
	for _, e := range req.Msg.GetEntries() {
		batch.Items = append(batch.Items, archive.Item{
			Position: e.GetIndex(), Entry: e.GetEntry(), Bundle: e.GetBundle(), Signature: e.GetSignature(),
		})
	}
	taken, err := s.Intake.Submit(ctx, caller(ctx), batch)
	if err != nil {
		s.log.WarnContext(ctx, "evidence refused", "site_id", caller(ctx).SiteID, "appliance_id", caller(ctx).ID,
			"origin", batch.Origin, "error", err)
		return nil, err
	}
	return connect.NewResponse(&centralv1.SubmitEvidenceResponse{Cosigned: taken.Cosigned, Size: taken.Size}), nil
}

// FetchEvidence implements ApplianceService.
func (s *applianceService) FetchEvidence(ctx context.Context, req *connect.Request[centralv1.FetchEvidenceRequest]) (*connect.Response[centralv1.FetchEvidenceResponse], error) {
	l, err := s.ownLog(ctx, req.Msg.GetLogOrigin())
	if err != nil {
		return nil, err
	}
	items, err := s.Fleet.Entries(ctx, l.SiteID, l.Origin, req.Msg.GetFrom(), req.Msg.GetLimit())
	if err != nil {
		return nil, err
	}
	answer := &centralv1.FetchEvidenceResponse{}
	for _, i := range items {
		answer.Entries = append(answer.Entries, &centralv1.LogEntry{
			Index: i.Position, Entry: i.Entry, Bundle: i.Bundle, Signature: i.Signature,
		})
	}
	return connect.NewResponse(answer), nil
}

// OpenEpoch implements ApplianceService.
func (s *applianceService) OpenEpoch(ctx context.Context, req *connect.Request[centralv1.OpenEpochRequest]) (*connect.Response[centralv1.OpenEpochResponse], error) {
	a := caller(ctx)
	l, err := s.Sites.OpenEpoch(ctx, a, req.Msg.GetLastCheckpoint(), req.Msg.GetReason())
	if err != nil {
		return nil, err
	}
	chain, _, err := s.Publish.Trust(ctx, a.SiteID)
	if err != nil {
		return nil, err
	}
	s.log.WarnContext(ctx, "log epoch opened", "site_id", a.SiteID, "appliance_id", a.ID, "origin", l.Origin, "reason", l.Reason)
	return connect.NewResponse(&centralv1.OpenEpochResponse{LogOrigin: l.Origin, Trust: chain}), nil
}
