package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

func policySet(ctx context.Context, s *shell, o *options, _ []string) error {
	if err := need([2]string{"site", o.site}, [2]string{"tier", o.tier}); err != nil {
		return err
	}
	tier, err := tierOf(o.tier)
	if err != nil {
		return err
	}
	policy := &trustv1.Policy{Tier: tier, CheckIntervalMs: uint32(o.interval.Milliseconds()), CheckJitterPercent: 10, EnabledChecks: o.checks, StandingRunbooks: o.standing}
	for _, pair := range o.hostTiers {
		agent, word, _ := strings.Cut(pair, "=")
		t, err := tierOf(word)
		if err != nil || agent == "" {
			return fmt.Errorf("--host-tier %q is not AGENT=TIER: %w", pair, errUsage)
		}
		policy.HostTiers = append(policy.HostTiers, &trustv1.HostTier{AgentId: agent, Tier: t})
	}
	for _, text := range o.parameters {
		place, value, given := strings.Cut(text, "=")
		check, name, named := strings.Cut(place, ".")
		if !given || !named || check == "" || name == "" {
			return fmt.Errorf("--set %q is not CHECK.PARAMETER=VALUE: %w", text, errUsage)
		}
		policy.Parameters = append(policy.Parameters, &trustv1.CheckParameter{CheckId: check, Name: name, Value: value})
	}
	c, err := s.fleet()
	if err != nil {
		return err
	}
	r, err := c.SetPolicy(ctx, connect.NewRequest(&centralv1.SetPolicyRequest{SiteId: o.site, Policy: policy}))
	if err != nil {
		return fmt.Errorf("setting policy: %w", err)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	_, err = fmt.Fprintf(s.stdout, "policy version %d is signed; the appliance takes it at its next check-in\n", r.Msg.GetVersion())
	return err
}

func policyShow(ctx context.Context, s *shell, o *options, _ []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	r, err := c.GetPolicy(ctx, connect.NewRequest(&centralv1.GetPolicyRequest{SiteId: o.site}))
	if err != nil {
		return fmt.Errorf("reading policy of site %s: %w", o.site, err)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	p := r.Msg.GetPolicy()
	rows := [][]string{
		{"version", strconv.FormatUint(p.GetVersion(), 10)},
		{"until", when(p.GetExpiresMs())},
		{"tier", tierWord(p.GetTier())},
		{"ceiling", tierWord(p.GetCeiling())},
		{"interval", (time.Duration(p.GetCheckIntervalMs()) * time.Millisecond).String()},
		{"checks", or(strings.Join(p.GetEnabledChecks(), " "), "all")},
		{"standing", or(strings.Join(p.GetStandingRunbooks(), " "), "none")},
	}
	for _, h := range p.GetHostTiers() {
		rows = append(rows, []string{"host-tier", h.GetAgentId() + "=" + tierWord(h.GetTier())})
	}
	for _, v := range p.GetParameters() {
		rows = append(rows, []string{"set", v.GetCheckId() + "." + v.GetName() + "=" + v.GetValue()})
	}
	return s.table("SETTING\tVALUE", rows)
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
