package api

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"

	"github.com/osiriscare/osiris/central/internal/audit"
	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/fleet"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Refusals that name no row.
var (
	errNoCertificate = errors.New("the call needs the client certificate that Claim gave, and it must not have expired")
	errTooMany       = errors.New("too many claims; try again in a minute")
	errTooManyHosts  = errors.New("a check-in names too many hosts")
	errState         = errors.New("state is open or all")
	errAgent         = errors.New("the site has no such agent; agent list shows those that have checked in")
	errReason        = errors.New("a reason has 3 to 500 characters")
)

// onlyOperators refuses callers without a valid token and names the others. A
// refusal is in the audit log too.
func onlyOperators(operators *auth.Service, log *audit.Log) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			name, err := operators.Bearer(ctx, req.Header().Get("Authorization"))
			if err != nil {
				return nil, err
			}
			ctx = auth.WithOperator(ctx, name)
			action := req.Spec().Procedure[strings.LastIndexByte(req.Spec().Procedure, '/')+1:]
			if strings.HasPrefix(action, "List") || strings.HasPrefix(action, "Get") {
				return next(ctx, req)
			}
			answer, failure := next(ctx, req)
			site, subject := concerns(req.Any())
			if err := log.Record(ctx, action, site, subject, failure); err != nil {
				return nil, errors.Join(failure, err)
			}
			return answer, failure
		}
	}
}

// concerns says what a changing call is about.
func concerns(message any) (site store.SiteID, subject string) {
	if m, ok := message.(interface{ GetSiteId() string }); ok {
		site = store.SiteID(m.GetSiteId())
	}
	switch m := message.(type) {
	case *centralv1.CreateClientRequest:
		subject = m.GetName()
	case *centralv1.CreateSiteRequest:
		subject = m.GetClientId() + " " + m.GetName()
	case *centralv1.RevokeAgentRequest:
		subject = m.GetAgentId() + ": " + m.GetReason()
	case *centralv1.RetireApplianceRequest:
		subject = m.GetApplianceId() + ": " + m.GetReason()
	case *centralv1.DecideAgentRequest:
		subject = m.GetVerb().String() + " " + m.GetAgentId() + ": " + m.GetReason()
	case *centralv1.RotateSiteRootRequest:
		subject = m.GetReason()
	case *centralv1.RemoveSiteRootRequest:
		subject = m.GetFingerprint() + ": " + m.GetReason()
	case *centralv1.AddTargetRequest:
		subject = targeted(m)
	case *centralv1.RemoveTargetRequest:
		subject = m.GetName()
	case *centralv1.PutCredentialRequest:
		subject = m.GetName() + " version " + strconv.FormatUint(m.GetVersion(), 10)
	case *centralv1.RemoveCredentialRequest:
		subject = m.GetName()
	case *centralv1.OrderRunbookRequest:
		subject = ordered(m)
	case *centralv1.OrderHostKeyRequest:
		subject = m.GetTarget() + " " + m.GetAccept() + ": " + m.GetReason()
	case *centralv1.CancelOrderRequest:
		subject = m.GetOrderId() + ": " + m.GetReason()
	case *centralv1.SetPolicyRequest:
		subject = m.GetPolicy().GetTier().String()
	}
	return site, subject
}

// fleetService implements FleetService.
type fleetService struct{ Deps }

var _ centralv1connect.FleetServiceHandler = (*fleetService)(nil)

func answer[T any](m *T, err error) (*connect.Response[T], error) {
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(m), nil
}

// CreateClient implements FleetService.
func (s *fleetService) CreateClient(ctx context.Context, req *connect.Request[centralv1.CreateClientRequest]) (*connect.Response[centralv1.CreateClientResponse], error) {
	row, err := s.Tenants.Create(ctx, req.Msg.GetName())
	if err != nil {
		return nil, err
	}
	client, err := s.Fleet.Client(ctx, row.ID)
	return answer(&centralv1.CreateClientResponse{Client: client}, err)
}

// CreateSite implements FleetService.
func (s *fleetService) CreateSite(ctx context.Context, req *connect.Request[centralv1.CreateSiteRequest]) (*connect.Response[centralv1.CreateSiteResponse], error) {
	row, err := s.Sites.Create(ctx, store.ClientID(req.Msg.GetClientId()), req.Msg.GetName(), req.Msg.GetCeiling())
	if err != nil {
		return nil, err
	}
	site, err := s.Fleet.Site(ctx, row.ID)
	return answer(&centralv1.CreateSiteResponse{Site: site}, err)
}

// CreateProvisioningCode implements FleetService.
func (s *fleetService) CreateProvisioningCode(ctx context.Context, req *connect.Request[centralv1.CreateProvisioningCodeRequest]) (*connect.Response[centralv1.CreateProvisioningCodeResponse], error) {
	text, expires, err := s.Sites.CreateCode(ctx, store.SiteID(req.Msg.GetSiteId()), milliseconds(req.Msg.GetValidMs()))
	return answer(&centralv1.CreateProvisioningCodeResponse{Provisioning: text, ExpiresMs: expires.UnixMilli()}, err)
}

// milliseconds is a duration that cannot overflow into another sign.
func milliseconds(ms int64) time.Duration {
	const most = int64(1<<62) / int64(time.Millisecond)
	return time.Duration(max(min(ms, most), -1)) * time.Millisecond
}

// ListClients implements FleetService.
func (s *fleetService) ListClients(ctx context.Context, req *connect.Request[centralv1.ListClientsRequest]) (*connect.Response[centralv1.ListClientsResponse], error) {
	list, token, err := s.Fleet.Clients(ctx, fleet.Page{Token: req.Msg.GetPageToken(), Size: req.Msg.GetPageSize()})
	return answer(&centralv1.ListClientsResponse{Clients: list, NextPageToken: token}, err)
}

// ListSites implements FleetService.
func (s *fleetService) ListSites(ctx context.Context, req *connect.Request[centralv1.ListSitesRequest]) (*connect.Response[centralv1.ListSitesResponse], error) {
	list, token, err := s.Fleet.Sites(ctx, store.ClientID(req.Msg.GetClientId()), fleet.Page{Token: req.Msg.GetPageToken(), Size: req.Msg.GetPageSize()})
	return answer(&centralv1.ListSitesResponse{Sites: list, NextPageToken: token}, err)
}

// ListHosts implements FleetService.
func (s *fleetService) ListHosts(ctx context.Context, req *connect.Request[centralv1.ListHostsRequest]) (*connect.Response[centralv1.ListHostsResponse], error) {
	list, token, err := s.Fleet.Hosts(ctx, store.SiteID(req.Msg.GetSiteId()), fleet.Page{Token: req.Msg.GetPageToken(), Size: req.Msg.GetPageSize()})
	return answer(&centralv1.ListHostsResponse{Hosts: list, NextPageToken: token}, err)
}

// GetHost implements FleetService.
func (s *fleetService) GetHost(ctx context.Context, req *connect.Request[centralv1.GetHostRequest]) (*connect.Response[centralv1.GetHostResponse], error) {
	host, checks, err := s.Fleet.Host(ctx, store.SiteID(req.Msg.GetSiteId()), req.Msg.GetHostId())
	return answer(&centralv1.GetHostResponse{Host: host, Checks: checks}, err)
}

// ListIncidents implements FleetService.
func (s *fleetService) ListIncidents(ctx context.Context, req *connect.Request[centralv1.ListIncidentsRequest]) (*connect.Response[centralv1.ListIncidentsResponse], error) {
	state := req.Msg.GetState()
	if state != "" && state != "open" && state != "all" {
		return nil, connect.NewError(connect.CodeInvalidArgument, errState)
	}
	list, token, err := s.Fleet.Incidents(ctx, store.SiteID(req.Msg.GetSiteId()), "", state != "all",
		fleet.Page{Token: req.Msg.GetPageToken(), Size: req.Msg.GetPageSize()})
	return answer(&centralv1.ListIncidentsResponse{Incidents: list, NextPageToken: token}, err)
}

// ListEvidence implements FleetService.
func (s *fleetService) ListEvidence(ctx context.Context, req *connect.Request[centralv1.ListEvidenceRequest]) (*connect.Response[centralv1.ListEvidenceResponse], error) {
	m := req.Msg
	list, token, err := s.Fleet.EvidenceList(ctx, fleet.EvidenceQuery{
		Site: store.SiteID(m.GetSiteId()), HostID: m.GetHostId(), IncidentID: m.GetIncidentId(), CheckID: m.GetCheckId(),
	}, fleet.Page{Token: m.GetPageToken(), Size: m.GetPageSize()})
	return answer(&centralv1.ListEvidenceResponse{Evidence: list, NextPageToken: token}, err)
}

// GetEvidence implements FleetService.
func (s *fleetService) GetEvidence(ctx context.Context, req *connect.Request[centralv1.GetEvidenceRequest]) (*connect.Response[centralv1.GetEvidenceResponse], error) {
	m := req.Msg
	evidence, files, err := s.Fleet.Evidence(ctx, store.SiteID(m.GetSiteId()), m.GetBundleId(), m.GetLogOrigin(), m.GetLogIndex())
	return answer(&centralv1.GetEvidenceResponse{Evidence: evidence, Files: files}, err)
}

// GetPolicy implements FleetService.
func (s *fleetService) GetPolicy(ctx context.Context, req *connect.Request[centralv1.GetPolicyRequest]) (*connect.Response[centralv1.GetPolicyResponse], error) {
	id := store.SiteID(req.Msg.GetSiteId())
	if _, err := s.Store.Site(ctx, id); err != nil {
		return nil, err
	}
	_, policy, err := s.Publish.Policy(ctx, id)
	return answer(&centralv1.GetPolicyResponse{Policy: policy}, err)
}

// SetPolicy implements FleetService.
func (s *fleetService) SetPolicy(ctx context.Context, req *connect.Request[centralv1.SetPolicyRequest]) (*connect.Response[centralv1.SetPolicyResponse], error) {
	version, err := s.Publish.SetPolicy(ctx, store.SiteID(req.Msg.GetSiteId()), req.Msg.GetPolicy())
	return answer(&centralv1.SetPolicyResponse{Version: version}, err)
}

// RevokeAgent implements FleetService.
func (s *fleetService) RevokeAgent(ctx context.Context, req *connect.Request[centralv1.RevokeAgentRequest]) (*connect.Response[centralv1.RevokeAgentResponse], error) {
	m := req.Msg
	id := store.SiteID(m.GetSiteId())
	if err := checkReason(m.GetReason()); err != nil {
		return nil, err
	}
	if _, err := s.Store.Site(ctx, id); err != nil {
		return nil, err
	}
	known, err := s.Store.AgentKnown(ctx, id, m.GetAgentId())
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, connect.NewError(connect.CodeNotFound, errAgent)
	}
	if err := s.Store.RevokeAgent(ctx, id, m.GetAgentId(), m.GetReason(), time.Now().UnixMilli()); err != nil {
		return nil, err
	}
	_, version, err := s.Publish.Trust(ctx, id)
	return answer(&centralv1.RevokeAgentResponse{TrustVersion: version}, err)
}

// RetireAppliance implements FleetService.
func (s *fleetService) RetireAppliance(ctx context.Context, req *connect.Request[centralv1.RetireApplianceRequest]) (*connect.Response[centralv1.RetireApplianceResponse], error) {
	m := req.Msg
	id := store.SiteID(m.GetSiteId())
	if err := checkReason(m.GetReason()); err != nil {
		return nil, err
	}
	if err := s.Sites.Retire(ctx, id, store.ApplianceID(m.GetApplianceId())); err != nil {
		return nil, err
	}
	_, version, err := s.Publish.Trust(ctx, id)
	return answer(&centralv1.RetireApplianceResponse{TrustVersion: version}, err)
}

// checkReason refuses a reason that tells a later reader of the audit log
// nothing.
func checkReason(reason string) error {
	if n := len(reason); n < 3 || n > 500 {
		return connect.NewError(connect.CodeInvalidArgument, errReason)
	}
	return nil
}
