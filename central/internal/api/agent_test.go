package api_test

import (
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/store"
)

const (
	approve = trustv1.AgentVerb_AGENT_VERB_APPROVE
	release = trustv1.AgentVerb_AGENT_VERB_RELEASE
)

// agents checks in with one agent in each standing.
func agents(t *testing.T, a *ct.Appliance, taken uint64) *centralv1.CheckInResponse {
	t.Helper()
	return ct.Value(a.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{
		DecisionVersion: taken,
		Hosts: []*centralv1.HostStatus{
			{HostId: "h_1", AgentId: "ag_free", Hostname: "ws01", Connected: true, LastSeenMs: time.Now().UnixMilli()},
			{HostId: "h_2", AgentId: "ag_pending", Hostname: "ws02", Quarantined: true, Hold: "pending"},
			{HostId: "h_3", AgentId: "ag_clone", Hostname: "ws03", Quarantined: true, Hold: "clone"},
			{HostId: "h_4", AgentId: "ag_old", Hostname: "ws04", Quarantined: true},
			{HostId: "h_5", Hostname: "sensor", Source: "sensor"},
		},
	})))(t).Msg
}

func list(t *testing.T, c *ct.Central, site store.SiteID, held bool) map[string]*centralv1.Agent {
	t.Helper()
	found, token := map[string]*centralv1.Agent{}, ""
	for {
		page := ct.Value(c.Operator(c.Token).ListAgents(t.Context(), connect.NewRequest(&centralv1.ListAgentsRequest{
			SiteId: string(site), Held: held, PageSize: 2, PageToken: token,
		})))(t).Msg
		for _, v := range page.GetAgents() {
			found[v.GetAgentId()] = v
		}
		if token = page.GetNextPageToken(); token == "" {
			return found
		}
	}
}

func decide(t *testing.T, c *ct.Central, site store.SiteID, agent string, verb trustv1.AgentVerb, reason string) (uint64, error) {
	t.Helper()
	answer, err := c.Operator(c.Token).DecideAgent(t.Context(), connect.NewRequest(&centralv1.DecideAgentRequest{
		SiteId: string(site), AgentId: agent, Verb: verb, Reason: reason,
	}))
	if err != nil {
		return 0, err
	}
	return answer.Msg.GetVersion(), nil
}

func TestADecisionGoesSignedToTheApplianceUntilItHasTakenIt(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	a := c.Appliance(s.ID)
	if first := agents(t, a, 0); len(first.GetDecisions()) != 0 {
		t.Errorf("%d decisions before there is one", len(first.GetDecisions()))
	}
	all := list(t, c, s.ID, false)
	if len(all) != 4 || all["ag_free"].GetHold() != "" || all["ag_pending"].GetHold() != "pending" || all["ag_old"].GetHold() != "held" {
		t.Fatalf("agents = %v; want four with their holds and no sensor", all)
	}
	one := ct.Value(decide(t, c, s.ID, "ag_pending", approve, "new computer"))(t)
	two := ct.Value(decide(t, c, s.ID, "ag_clone", release, "the copy was wiped"))(t)
	if two <= one {
		t.Errorf("versions %d and %d do not grow", one, two)
	}
	got := agents(t, a, 0).GetDecisions()
	if len(got) != 2 {
		t.Fatalf("the check-in brought %d decisions; want 2", len(got))
	}
	chain, _, err := c.Publish.Trust(t.Context(), s.ID)
	ct.Check(t, err)
	lite := &trustlite.TrustChain{}
	ct.Check(t, lite.UnmarshalVT(ct.Value(proto.Marshal(chain))(t)))
	online := ct.Value(trust.Open(lite, c.Keys.Root))(t).Delegation.OnlineKey
	payload := ct.Value(ct.Value(signed.FromWire(got[0]))(t).Open(signed.Decision, online))(t)
	d := &trustv1.AgentDecision{}
	ct.Check(t, proto.Unmarshal(payload, d))
	if d.GetSiteId() != string(s.ID) || d.GetAgentId() != "ag_pending" || d.GetVerb() != approve || d.GetPerson() != "tester" ||
		d.GetReason() != "new computer" || d.GetVersion() != one {
		t.Errorf("the decision says %v", d)
	}
	if w := list(t, c, s.ID, true)["ag_pending"].GetWaiting(); w.GetVersion() != one || w.GetVerb() != approve || w.GetPerson() != "tester" {
		t.Errorf("waiting = %v; want the approval, which the appliance has not taken", w)
	}
	if rest := agents(t, a, one).GetDecisions(); len(rest) != 1 {
		t.Errorf("after the first was taken %d come; want the second only", len(rest))
	}
	held := list(t, c, s.ID, true)
	if held["ag_pending"].GetWaiting() != nil || held["ag_clone"].GetWaiting() == nil || held["ag_free"] != nil {
		t.Errorf("held agents = %v; want the release under way, not the approval", held)
	}
	line := ct.Value(c.Store.Audits(t.Context(), 0, 1))(t)[0]
	if line.Action != "DecideAgent" || line.Actor != "tester" || line.SiteID != s.ID || line.Subject != "AGENT_VERB_RELEASE ag_clone: the copy was wiped" || line.Outcome != "ok" {
		t.Errorf("audit line = %+v", line)
	}
}

func TestADecisionWithoutEffectIsRefusedInWords(t *testing.T) {
	c := ct.New(t)
	s, other := c.Site("Riverside", "Main Street"), c.Site("Lakeside", "Harbour")
	agents(t, c.Appliance(s.ID), 0)
	ct.Value(c.Operator(c.Token).RevokeAgent(t.Context(), connect.NewRequest(&centralv1.RevokeAgentRequest{
		SiteId: string(s.ID), AgentId: "ag_clone", Reason: "stolen",
	})))(t)
	for name, tt := range map[string]struct {
		site          store.SiteID
		agent, reason string
		verb          trustv1.AgentVerb
		code          connect.Code
		says          string
	}{
		"no reason":                   {s.ID, "ag_pending", "", approve, connect.CodeInvalidArgument, "reason"},
		"no verb":                     {s.ID, "ag_pending", "seen", 0, connect.CodeInvalidArgument, "verb"},
		"a verb there is not":         {s.ID, "ag_pending", "seen", 9, connect.CodeInvalidArgument, "verb"},
		"no agent":                    {s.ID, "", "seen", approve, connect.CodeNotFound, "no such agent"},
		"an agent there is not":       {s.ID, "ag_x", "seen", approve, connect.CodeNotFound, "no such agent"},
		"an agent of another site":    {other.ID, "ag_pending", "seen", approve, connect.CodeNotFound, "no such agent"},
		"a site there is not":         {"s_x", "ag_pending", "seen", approve, connect.CodeNotFound, "not found"},
		"an agent that is free":       {s.ID, "ag_free", "seen", approve, connect.CodeFailedPrecondition, "not held"},
		"a release of one that waits": {s.ID, "ag_pending", "seen", release, connect.CodeFailedPrecondition, "waits for approval"},
		"a revoked agent":             {s.ID, "ag_clone", "seen", release, connect.CodeFailedPrecondition, "revoked"},
	} {
		_, err := decide(t, c, tt.site, tt.agent, tt.verb, tt.reason)
		if connect.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("DecideAgent with %s = %v; want %v saying %q", name, err, tt.code, tt.says)
		}
	}
	if v := ct.Value(decide(t, c, s.ID, "ag_old", release, "an older appliance does not say why"))(t); v == 0 {
		t.Error("a decision about an agent that is held for no stated reason has no version")
	}
	if got := list(t, c, s.ID, true)["ag_clone"].GetRevoked(); got != "stolen" {
		t.Errorf("revoked = %q; want the reason", got)
	}
}

func TestAnOperatorReadsThePolicyThatCounts(t *testing.T) {
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	want := []string{"windows.firewall.enable", "linux.sysctl.harden"}
	version := ct.Value(c.Operator(c.Token).SetPolicy(t.Context(), connect.NewRequest(&centralv1.SetPolicyRequest{
		SiteId: string(s.ID), Policy: &trustv1.Policy{StandingRunbooks: want},
	})))(t).Msg.GetVersion()
	got := ct.Value(c.Operator(c.Token).GetPolicy(t.Context(), connect.NewRequest(&centralv1.GetPolicyRequest{SiteId: string(s.ID)})))(t).Msg.GetPolicy()
	if got.GetVersion() != version || strings.Join(got.GetStandingRunbooks(), " ") != strings.Join(want, " ") {
		t.Errorf("GetPolicy = %v; want version %d with %v", got, version, want)
	}
	for name, p := range map[string]*trustv1.Policy{
		"no check of this name":                {EnabledChecks: []string{"firewal"}},
		"no check to set":                      {Parameters: []*trustv1.CheckParameter{{CheckId: "firewal", Name: "x"}}},
		"no parameter of this name":            {Parameters: []*trustv1.CheckParameter{{CheckId: "disk_space", Name: "high"}}},
		"no runbook of this name":              {StandingRunbooks: []string{"windows.firewall"}},
		"a standing runbook that interrupts":   {StandingRunbooks: []string{"windows.smbv1.disable"}},
		"a standing runbook twice":             {StandingRunbooks: []string{want[0], want[0]}},
		"an alias, which no agent understands": {EnabledChecks: []string{"screenlock"}},
	} {
		_, err := c.Operator(c.Token).SetPolicy(t.Context(), connect.NewRequest(&centralv1.SetPolicyRequest{SiteId: string(s.ID), Policy: p}))
		if connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("SetPolicy with %s = %v; want invalid argument", name, err)
		}
	}
}
