//go:build integration

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// decide decides about an agent at Central, as soon as the appliance has told that
// it is held, and waits until the appliance has taken the decision.
func (s *site) decide(agentID string, verb trustv1.AgentVerb, reason string) {
	s.t.Helper()
	s.until("Central decides about "+agentID, func(ctx context.Context) error {
		_, err := s.Fleet.DecideAgent(ctx, connect.NewRequest(&centralv1.DecideAgentRequest{
			SiteId: s.SiteID, AgentId: agentID, Verb: verb, Reason: reason,
		}))
		return err
	})
	s.until("the appliance has taken the decision", func(ctx context.Context) error {
		all, err := s.Fleet.ListAgents(ctx, connect.NewRequest(&centralv1.ListAgentsRequest{SiteId: s.SiteID}))
		if err != nil {
			return err
		}
		for _, a := range all.Msg.GetAgents() {
			if a.GetAgentId() == agentID && (a.GetWaiting() != nil || a.GetHold() != "") {
				return fmt.Errorf("it is %v", a)
			}
		}
		return nil
	})
}

// told waits for evidence at Central whose summary says all this.
func (s *site) told(words ...string) {
	s.t.Helper()
	s.until(fmt.Sprintf("there is evidence that says %q", words), func(ctx context.Context) error {
		all, err := s.evidence(ctx)
		if err != nil {
			return err
		}
	next:
		for _, e := range all {
			for _, w := range words {
				if !strings.Contains(e.GetSummary(), w) {
					continue next
				}
			}
			return nil
		}
		return errors.New("there is none")
	})
}

// applianceID is the site's one appliance.
func (s *site) applianceID() string {
	s.t.Helper()
	all, err := s.Fleet.ListSites(s.t.Context(), connect.NewRequest(&centralv1.ListSitesRequest{}))
	if err != nil {
		s.t.Fatal(err)
	}
	appliances := all.Msg.GetSites()[0].GetAppliances()
	if len(appliances) != 1 {
		s.t.Fatalf("the site has %d appliances", len(appliances))
	}
	return appliances[0].GetApplianceId()
}

// retire ends an appliance.
func (s *site) retire(applianceID string) {
	s.t.Helper()
	s.must("retiring "+applianceID, func(ctx context.Context) error {
		_, err := s.Fleet.RetireAppliance(ctx, connect.NewRequest(&centralv1.RetireApplianceRequest{
			SiteId: s.SiteID, ApplianceId: applianceID, Reason: "it is dead",
		}))
		return err
	})
}
