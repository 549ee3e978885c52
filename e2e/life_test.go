//go:build integration

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// TestAnIdentityLives is the life of a computer's identity: renewed at half its
// life, renewed after its end and held until the policy was read, copied to a
// second computer and found out, enrolled again, approved, revoked.
func TestAnIdentityLives(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_SELF_HEAL)
	id := s.agentID(s.Agent)
	now := time.Now()

	t.Log("past half of its life it is renewed, for a new key")
	s.age(s.Agent, now.Add(-20*day), now.Add(10*day))
	old := s.certificates(s.Agent)[0]
	s.restart(s.Agent)
	fresh := s.certificates(s.Agent)[0]
	if left := time.Until(fresh.NotAfter); left < 29*day || fresh.Subject.CommonName != id {
		t.Errorf("the certificate of %s is good for %s; want 30 days of %s", fresh.Subject.CommonName, left, id)
	}
	if bytes.Equal(old.RawSubjectPublicKeyInfo, fresh.RawSubjectPublicKeyInfo) {
		t.Error("it is for the same key; a copy of the machine would never be found out")
	}
	s.held(id, "", false)

	t.Log("past its end, too, any number of times, and held until it has read the policy")
	for range 2 {
		s.age(s.Agent, now.Add(-60*day), now.Add(-time.Hour))
		quarantined := s.count("appliance: quarantine changed")
		s.restart(s.Agent)
		s.held(id, "", false)
		if s.count("appliance: quarantine changed") == quarantined {
			t.Error("an expired certificate was renewed without quarantine")
		}
	}

	t.Log("a copy of the machine is found out when both have renewed")
	s.age(s.Agent, now.Add(-20*day), now.Add(10*day))
	twin := s.copy(s.Agent)
	s.restart(s.Agent)
	s.held(id, "", false)
	s.must("starting the copy", twin.Start)
	s.held(id, "clone", false)

	t.Log("a person decides for the first; the copy gets no session any more")
	s.must("releasing", func(ctx context.Context) error {
		_, err := s.appliance(ctx, "agent", "release", id, "--reason", "the copy is a test machine")
		return err
	})
	s.held(id, "", false)
	s.until("the copy was refused", func(context.Context) error {
		log, err := os.ReadFile(filepath.Join(s.dir, "logs", strings.ReplaceAll(twin.Name, " ", "-")+".log"))
		if err == nil && !bytes.Contains(log, []byte("enrol again")) {
			err = errors.New("its log does not say so")
		}
		return err
	})
	if err := twin.Stop(); err != nil {
		t.Fatal(err)
	}

	t.Log("the copy enrols again, as an agent of its own that waits for approval")
	token := filepath.Join(t.TempDir(), "token")
	s.must("making a token", func(ctx context.Context) error {
		_, err := s.appliance(ctx, "token", "new", "--out", token, "--kind", "rollout", "--tier", "1")
		return err
	})
	text, err := os.ReadFile(token)
	if err != nil {
		t.Fatal(err)
	}
	if code, said := s.agent(twin, string(text), "enrol", "--again", "--stdin"); code != 0 {
		t.Fatalf("enrol --again = %d: %s", code, said)
	}
	second := s.agentID(twin)
	if second == id {
		t.Fatal("the copy is still the same agent")
	}
	s.held(second, "", true)
	s.restart(twin)
	s.decide(second, trustv1.AgentVerb_AGENT_VERB_APPROVE, "it is the test machine")
	s.held(second, "", false)
	s.told("was approved by operator at Central", "it is the test machine")
	s.held(id, "", false)

	t.Log("revoked, it is out at once and stays out; the other goes on")
	sessions, refused := s.count(twin.Name+": connected"), s.count(twin.Name+": disconnected")
	s.must("revoking", func(ctx context.Context) error {
		_, err := s.Fleet.RevokeAgent(ctx, connect.NewRequest(&centralv1.RevokeAgentRequest{SiteId: s.SiteID, AgentId: second, Reason: "scrapped"}))
		return err
	})
	s.until("the revoked agent has been refused", func(context.Context) error {
		if s.count(twin.Name+": disconnected") < refused+2 {
			return errors.New("it has not")
		}
		return nil
	})
	if s.count(twin.Name+": connected") != sessions {
		t.Error("a revoked agent got another session")
	}
	if err := twin.Stop(); err != nil {
		t.Fatal(err)
	}
	passed := s.count(s.Agent.Name + ": fail")
	s.write(s.Agent, broken)
	s.until("the other agent still reports", func(context.Context) error {
		if s.count(s.Agent.Name+": fail") == passed {
			return errors.New("it does not")
		}
		return nil
	})
}

// TestAReplacedApplianceIsTakenByItsAgents loses the appliance with everything it
// knew and claims another one for the site. Nobody touches the agent.
func TestAReplacedApplianceIsTakenByItsAgents(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_SELF_HEAL)
	s.rewound = true
	id := s.agentID(s.Agent)
	before, dead := s.count(s.Agent.Name+": connected"), s.applianceID()
	if err := s.Appliance.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(s.dir, "appliance"), filepath.Join(s.dir, "the-dead-appliance")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.dir, "appliance"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.must("making another provisioning code", func(ctx context.Context) error {
		code, err := s.Fleet.CreateProvisioningCode(ctx, connect.NewRequest(&centralv1.CreateProvisioningCodeRequest{SiteId: s.SiteID}))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(s.dir, "provisioning"), []byte(code.Msg.GetProvisioning()+"\n"), 0o600)
	})
	s.must("starting the new appliance", s.StartAppliance)
	s.connected(s.Agent, before)
	if got := s.agentID(s.Agent); got != id {
		t.Errorf("the agent is %s now; want %s as before", got, id)
	}
	// The new appliance has no evidence of this enrolment: the agent is watched
	// until a person has looked.
	s.held(id, "", true)
	s.decide(id, trustv1.AgentVerb_AGENT_VERB_APPROVE, "it was ours before")
	s.held(id, "", false)

	t.Log("the dead one is retired; the agent, whose certificate it issued, goes on")
	sessions, taken := s.count(s.Agent.Name+": connected"), s.count("appliance: signed settings taken")
	s.retire(dead)
	s.until("the new appliance has the document that says so", s.more("appliance: signed settings taken", taken))
	if err := s.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	s.must("starting the agent again", s.Agent.Start)
	s.connected(s.Agent, sessions)
	passed := s.count(s.Agent.Name + ": fail")
	s.write(s.Agent, broken)
	s.until("the agent reports", func(context.Context) error {
		if s.count(s.Agent.Name+": fail") == passed {
			return errors.New("it does not")
		}
		return nil
	})
	if got := s.agentID(s.Agent); got != id {
		t.Errorf("the agent is %s now; want %s as before", got, id)
	}
}
