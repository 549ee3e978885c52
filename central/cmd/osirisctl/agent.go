package main

import (
	"context"
	"fmt"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

func agentList(ctx context.Context, s *shell, o *options, _ []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	all := &centralv1.ListAgentsResponse{}
	all.NextPageToken, err = s.pages(func(token string, size uint32) (int, string, error) {
		r, err := c.ListAgents(ctx, connect.NewRequest(&centralv1.ListAgentsRequest{SiteId: o.site, Held: o.held, PageToken: token, PageSize: size}))
		if err != nil {
			return 0, "", err
		}
		all.Agents = append(all.Agents, r.Msg.GetAgents()...)
		return len(all.Agents), r.Msg.GetNextPageToken(), nil
	})
	if err != nil || s.json {
		return orPrint(s, err, all)
	}
	var rows [][]string
	for _, v := range all.GetAgents() {
		rows = append(rows, []string{
			v.GetAgentId(), standing(v), v.GetHostname(), v.GetOs(), v.GetAgentVersion(), v.GetState(), when(v.GetLastSeenMs()),
			directoryWords[v.GetDirectory()], underWay(v.GetWaiting()),
		})
	}
	s.more(all.GetNextPageToken())
	return s.table("AGENT\tSTANDING\tHOSTNAME\tOS\tVERSION\tSTATE\tLAST SEEN\tDIRECTORY\tDECISION UNDER WAY", rows)
}

// directoryWords are what the directory says of an agent that waits.
var directoryWords = map[string]string{
	"matched": "matched", "named": "matched by name", "conflict": "CONFLICT", "no_match": "no match", "unknown": "directory unknown",
}

// standing is one word: revoked, why it is held, or free.
func standing(v *centralv1.Agent) string {
	if v.GetRevoked() != "" {
		return "revoked"
	}
	return or(v.GetHold(), "free")
}

// underWay is a decision that the appliance has not taken yet.
func underWay(d *centralv1.AgentOrder) string {
	if d == nil {
		return ""
	}
	return fmt.Sprintf("%s by %s at %s", verbWord(d.GetVerb()), d.GetPerson(), when(d.GetMadeMs()))
}

func verbWord(v trustv1.AgentVerb) string {
	return word(v.String(), "AGENT_VERB_")
}

func agentApprove(ctx context.Context, s *shell, o *options, args []string) error {
	verb := trustv1.AgentVerb_AGENT_VERB_APPROVE
	if o.withoutDirectory {
		verb = trustv1.AgentVerb_AGENT_VERB_APPROVE_WITHOUT_DIRECTORY
	}
	return decideAgent(ctx, s, o, args[0], verb)
}

func agentRelease(ctx context.Context, s *shell, o *options, args []string) error {
	return decideAgent(ctx, s, o, args[0], trustv1.AgentVerb_AGENT_VERB_RELEASE)
}

func decideAgent(ctx context.Context, s *shell, o *options, agent string, verb trustv1.AgentVerb) error {
	if err := need([2]string{"site", o.site}, [2]string{"reason", o.reason}); err != nil {
		return err
	}
	c, err := s.fleet()
	if err != nil {
		return err
	}
	r, err := c.DecideAgent(ctx, connect.NewRequest(&centralv1.DecideAgentRequest{SiteId: o.site, AgentId: agent, Verb: verb, Reason: o.reason}))
	if err != nil {
		return fmt.Errorf("deciding to %s agent %s: %w", verbWord(verb), agent, err)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	_, err = fmt.Fprintf(s.stdout, "decision %d is signed; the appliance takes it at its next check-in, and agent list shows when it has\n", r.Msg.GetVersion())
	return err
}

func agentRevoke(ctx context.Context, s *shell, o *options, args []string) error {
	if err := need([2]string{"site", o.site}, [2]string{"reason", o.reason}); err != nil {
		return err
	}
	c, err := s.fleet()
	if err != nil {
		return err
	}
	r, err := c.RevokeAgent(ctx, connect.NewRequest(&centralv1.RevokeAgentRequest{SiteId: o.site, AgentId: args[0], Reason: o.reason}))
	if err != nil {
		return fmt.Errorf("revoking agent %s: %w", args[0], err)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	_, err = fmt.Fprintf(s.stdout, "revoked in trust document version %d; the appliance takes it at its next check-in\n", r.Msg.GetTrustVersion())
	return err
}
