package credential

import (
	"bytes"
	"context"
	"fmt"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/credential"

	"github.com/osiriscare/osiris/central/internal/store"
)

// Keys lists the sealing keys of a site's live appliances.
func (s *Service) Keys(ctx context.Context, site store.SiteID) ([]*centralv1.ApplianceSealing, error) {
	appliances, err := s.live(ctx, site)
	if err != nil {
		return nil, err
	}
	all := make([]*centralv1.ApplianceSealing, 0, len(appliances))
	for _, a := range appliances {
		e, err := s.envelope(ctx, a)
		if err != nil {
			return nil, err
		}
		all = append(all, &centralv1.ApplianceSealing{ApplianceId: string(a.ID), Hostname: a.Hostname, Key: e})
	}
	return all, nil
}

func (s *Service) live(ctx context.Context, site store.SiteID) ([]store.Appliance, error) {
	if _, err := s.store.Site(ctx, site); err != nil {
		return nil, fmt.Errorf("reading site %s: %w", site, err)
	}
	all, err := s.store.Appliances(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("reading appliances of %s: %w", site, err)
	}
	var live []store.Appliance
	for _, a := range all {
		if !a.Retired {
			live = append(live, a)
		}
	}
	return live, nil
}

// List says what a site has, and where each stands.
func (s *Service) List(ctx context.Context, site store.SiteID) ([]*centralv1.Credential, error) {
	appliances, err := s.live(ctx, site)
	if err != nil {
		return nil, err
	}
	targets, err := s.store.Targets(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("reading targets of %s: %w", site, err)
	}
	var all []*centralv1.Credential
	for _, a := range appliances {
		own, err := s.of(ctx, a, targets)
		if err != nil {
			return nil, err
		}
		all = append(all, own...)
	}
	return all, nil
}

func (s *Service) of(ctx context.Context, a store.Appliance, targets []store.Target) ([]*centralv1.Credential, error) {
	rows, err := s.store.Credentials(ctx, a.SiteID, a.ID)
	if err != nil {
		return nil, fmt.Errorf("reading credentials of %s: %w", a.ID, err)
	}
	reach, err := s.store.Reach(ctx, a.SiteID, a.ID)
	if err != nil {
		return nil, fmt.Errorf("reading appliance %s: %w", a.ID, err)
	}
	taken := bytes.Equal(reach.CredentialsState, state(rows))
	var keyID [32]byte
	if key, err := s.key(ctx, a.SiteID, a.ID); err == nil {
		keyID = credential.KeyID(key)
	}
	all := make([]*centralv1.Credential, len(rows))
	for n, c := range rows {
		all[n] = &centralv1.Credential{
			Name: c.Name, Kind: centralv1.CredentialKind(c.Kind), Version: c.Version, ApplianceId: string(c.ApplianceID),
			MadeMs: c.MadeMs, MadeBy: c.MadeBy, Reason: c.Reason, State: standing(c, taken, keyID),
		}
		for _, t := range targets {
			if (t.Credential == c.Name || t.ScanWith == c.Name) && (t.ApplianceID == "" || t.ApplianceID == a.ID) {
				all[n].Targets++
			}
		}
	}
	return all, nil
}

// standing is one word.
func standing(c store.Credential, taken bool, keyID [32]byte) string {
	switch {
	case !bytes.Equal(c.KeyID, keyID[:]):
		return "key_changed"
	case !taken:
		return "waiting"
	case c.Reason != "":
		return "problem"
	}
	return "taken"
}
