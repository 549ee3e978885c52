package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// tiers are the words for people.
var tiers = map[string]trustv1.Tier{
	"monitor": trustv1.Tier_TIER_MONITOR_ONLY, "heal": trustv1.Tier_TIER_SELF_HEAL, "full": trustv1.Tier_TIER_FULL_REMEDIATION,
}

func tierOf(word string) (trustv1.Tier, error) {
	t, ok := tiers[word]
	if !ok {
		return 0, fmt.Errorf("tier %q is not monitor, heal or full: %w", word, errUsage)
	}
	return t, nil
}

func tierWord(t trustv1.Tier) string {
	for word, tier := range tiers {
		if tier == t {
			return word
		}
	}
	return t.String()
}

func clientCreate(ctx context.Context, s *shell, o *options, _ []string) error {
	if err := need([2]string{"name", o.name}); err != nil {
		return err
	}
	c, err := s.fleet()
	if err != nil {
		return err
	}
	r, err := c.CreateClient(ctx, connect.NewRequest(&centralv1.CreateClientRequest{Name: o.name}))
	if err != nil {
		return fmt.Errorf("making client: %w", err)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	_, err = fmt.Fprintln(s.stdout, r.Msg.GetClient().GetClientId())
	return err
}

func siteCreate(ctx context.Context, s *shell, o *options, _ []string) error {
	if err := need([2]string{"client", o.client}, [2]string{"name", o.name}); err != nil {
		return err
	}
	ceiling, err := tierOf(o.ceiling)
	if err != nil {
		return err
	}
	c, err := s.fleet()
	if err != nil {
		return err
	}
	r, err := c.CreateSite(ctx, connect.NewRequest(&centralv1.CreateSiteRequest{ClientId: o.client, Name: o.name, Ceiling: ceiling}))
	if err != nil {
		return fmt.Errorf("making site: %w", err)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	_, err = fmt.Fprintln(s.stdout, r.Msg.GetSite().GetSiteId())
	return err
}

func provision(ctx context.Context, s *shell, o *options, _ []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	r, err := c.CreateProvisioningCode(ctx, connect.NewRequest(&centralv1.CreateProvisioningCodeRequest{SiteId: o.site, ValidMs: o.valid.Milliseconds()}))
	if err != nil {
		return fmt.Errorf("making provisioning code: %w", err)
	}
	if o.out != "" {
		return s.keepSecret(o.out, r.Msg)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	_, err = fmt.Fprintln(s.stdout, r.Msg.GetProvisioning())
	return err
}

// keepSecret writes the code where only its owner reads it, and never over
// another file.
func (s *shell) keepSecret(path string, r *centralv1.CreateProvisioningCodeResponse) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("writing provisioning code: %w", err)
	}
	_, err = f.WriteString(r.GetProvisioning() + "\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing provisioning code: %w", err)
	}
	if s.json {
		return s.printJSON(map[string]any{"file": path, "expires_ms": r.GetExpiresMs()})
	}
	_, err = fmt.Fprintf(s.stdout, "wrote %s; it works once, until %s\n", path, when(r.GetExpiresMs()))
	return err
}

func applianceRetire(ctx context.Context, s *shell, o *options, args []string) error {
	// Not the only site by itself: what cannot be undone is named in full.
	if err := need([2]string{"site", o.site}, [2]string{"reason", o.reason}); err != nil {
		return err
	}
	c, err := s.fleet()
	if err != nil {
		return err
	}
	r, err := c.RetireAppliance(ctx, connect.NewRequest(&centralv1.RetireApplianceRequest{SiteId: o.site, ApplianceId: args[0], Reason: o.reason}))
	if err != nil {
		return fmt.Errorf("retiring appliance %s: %w", args[0], err)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	_, err = fmt.Fprintf(s.stdout, "retired in trust document version %d; what it has proved stays proven\n", r.Msg.GetTrustVersion())
	return err
}

func showVersion(_ context.Context, s *shell, _ *options, _ []string) error {
	if s.json {
		return s.printJSON(map[string]string{"version": version})
	}
	_, err := fmt.Fprintln(s.stdout, "osirisctl "+version)
	return err
}
