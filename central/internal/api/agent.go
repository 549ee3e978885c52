package api

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"

	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/fleet"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Refusals of a decision.
var (
	errVerb    = errors.New("verb is AGENT_VERB_APPROVE, AGENT_VERB_APPROVE_WITHOUT_DIRECTORY or AGENT_VERB_RELEASE")
	errRevoked = errors.New("the agent is revoked, which stays; enrol the computer again")
)

// ListAgents implements FleetService.
func (s *fleetService) ListAgents(ctx context.Context, req *connect.Request[centralv1.ListAgentsRequest]) (*connect.Response[centralv1.ListAgentsResponse], error) {
	m := req.Msg
	list, token, err := s.Fleet.Agents(ctx, store.SiteID(m.GetSiteId()), m.GetHeld(), fleet.Page{Token: m.GetPageToken(), Size: m.GetPageSize()})
	return answer(&centralv1.ListAgentsResponse{Agents: list, NextPageToken: token}, err)
}

// DecideAgent implements FleetService.
func (s *fleetService) DecideAgent(ctx context.Context, req *connect.Request[centralv1.DecideAgentRequest]) (*connect.Response[centralv1.DecideAgentResponse], error) {
	m := req.Msg
	id := store.SiteID(m.GetSiteId())
	if err := checkReason(m.GetReason()); err != nil {
		return nil, err
	}
	if _, err := s.Store.Site(ctx, id); err != nil {
		return nil, err
	}
	agent, err := s.Store.Agent(ctx, id, m.GetAgentId())
	if errors.Is(err, store.ErrNotFound) || m.GetAgentId() == "" {
		return nil, connect.NewError(connect.CodeNotFound, errAgent)
	}
	if err == nil {
		err = decidable(&agent, m.GetVerb())
	}
	if err != nil {
		return nil, err
	}
	version, err := s.Publish.Decide(ctx, store.Decision{
		SiteID: id, AgentID: m.GetAgentId(), Verb: int32(m.GetVerb()), Person: auth.Operator(ctx), Reason: m.GetReason(),
	})
	return answer(&centralv1.DecideAgentResponse{Version: version}, err)
}

// decidable refuses a decision that would have no effect, as far as the last
// check-in tells. The appliance judges again.
func decidable(a *store.Agent, verb trustv1.AgentVerb) error {
	approval := verb == trustv1.AgentVerb_AGENT_VERB_APPROVE || verb == trustv1.AgentVerb_AGENT_VERB_APPROVE_WITHOUT_DIRECTORY
	if !approval && verb != trustv1.AgentVerb_AGENT_VERB_RELEASE {
		return connect.NewError(connect.CodeInvalidArgument, errVerb)
	}
	refuse := func(err error) error { return connect.NewError(connect.CodeFailedPrecondition, err) }
	switch pending := a.Live.Hold == "pending"; {
	case a.Revoked != "":
		return refuse(errRevoked)
	case !a.Live.Quarantined:
		return refuse(errors.New("the agent is not held, as its appliance last said"))
	case a.Live.Hold == "":
		return nil // an older appliance, which does not say why
	case pending && verb == trustv1.AgentVerb_AGENT_VERB_RELEASE:
		return refuse(errors.New("the agent is in no quarantine: it waits for approval"))
	case !pending && approval:
		return refuse(fmt.Errorf("the agent does not wait for approval: it is in quarantine (%s) and can be released", a.Live.Hold))
	case verb == trustv1.AgentVerb_AGENT_VERB_APPROVE && unconfirmed[a.Live.Directory] != "":
		return refuse(fmt.Errorf("the site's domain does not confirm the agent: %s; look at the computer, then approve it without the directory (--without-directory)", unconfirmed[a.Live.Directory]))
	}
	return nil
}

// unconfirmed are the directory's answers that hold an approval back (D12), as
// central.v1.HostStatus has them.
var unconfirmed = map[string]string{
	"no_match": "it knows no such computer that is enabled and in scope",
	"conflict": "another agent has the computer's objectGUID, or the computer has another name",
	"unknown":  "there is no whole and recent listing to compare with",
}
