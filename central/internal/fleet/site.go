package fleet

import (
	"context"
	"fmt"
	"time"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"

	"github.com/osiriscare/osiris/central/internal/score"
	"github.com/osiriscare/osiris/central/internal/store"
)

// SiteStore reads sites and their appliances.
type SiteStore interface {
	Site(ctx context.Context, id store.SiteID) (store.Site, error)
	Sites(ctx context.Context, client store.ClientID, after store.SiteID, limit int) ([]store.Site, error)
	Appliances(ctx context.Context, site store.SiteID) ([]store.Appliance, error)
	Log(ctx context.Context, site store.SiteID, origin string) (store.Log, error)
	Logs(ctx context.Context, site store.SiteID) ([]store.Log, error)
	CountHosts(ctx context.Context, site store.SiteID) (uint32, error)
	CountBySite(ctx context.Context, site store.SiteID, freshSince int64) ([]store.Count, error)
	CountOpenIncidents(ctx context.Context, site store.SiteID) (map[string]uint32, error)
}

// Sites lists sites of a client, or all.
func (f *Fleet) Sites(ctx context.Context, client store.ClientID, p Page) ([]*centralv1.Site, string, error) {
	var key store.SiteID
	if err := p.after(&key); err != nil {
		return nil, "", err
	}
	rows, err := f.store.Sites(ctx, client, key, p.limit()+1)
	if err != nil {
		return nil, "", fmt.Errorf("listing sites: %w", err)
	}
	token := ""
	if len(rows) > p.limit() {
		rows = rows[:p.limit()]
		token = next(rows[len(rows)-1].ID)
	}
	sites := make([]*centralv1.Site, len(rows))
	for n, row := range rows {
		if sites[n], err = f.site(ctx, row); err != nil {
			return nil, "", err
		}
	}
	return sites, token, nil
}

// Site reads one site.
func (f *Fleet) Site(ctx context.Context, id store.SiteID) (*centralv1.Site, error) {
	row, err := f.store.Site(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("reading site %s: %w", id, err)
	}
	return f.site(ctx, row)
}

func (f *Fleet) site(ctx context.Context, row store.Site) (*centralv1.Site, error) {
	now := time.Now()
	counts, err := f.store.CountBySite(ctx, row.ID, score.Since(now))
	if err != nil {
		return nil, fmt.Errorf("counting verdicts of site %s: %w", row.ID, err)
	}
	hosts, err := f.store.CountHosts(ctx, row.ID)
	if err != nil {
		return nil, fmt.Errorf("counting hosts of site %s: %w", row.ID, err)
	}
	open, err := f.store.CountOpenIncidents(ctx, row.ID)
	if err != nil {
		return nil, fmt.Errorf("counting incidents of site %s: %w", row.ID, err)
	}
	appliances, err := f.appliances(ctx, row.ID, now)
	if err != nil {
		return nil, err
	}
	_, policy, err := f.publish.Policy(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	site := &centralv1.Site{
		SiteId: string(row.ID), ClientId: string(row.ClientID), Name: row.Name, Ceiling: trustv1.Tier(row.Ceiling),
		Tier: min(policy.GetTier(), trustv1.Tier(row.Ceiling)), Hosts: hosts, Score: scoreMessage(score.Of(counts)),
		Appliances: appliances, CentralRootFingerprint: f.root,
	}
	for _, n := range open {
		site.OpenIncidents += n
	}
	return site, nil
}

func (f *Fleet) appliances(ctx context.Context, site store.SiteID, now time.Time) ([]*centralv1.Appliance, error) {
	rows, err := f.store.Appliances(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("listing appliances of site %s: %w", site, err)
	}
	logs, err := f.store.Logs(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("listing logs of site %s: %w", site, err)
	}
	var all []*centralv1.Appliance
	for _, row := range rows {
		if row.Retired {
			continue
		}
		a := &centralv1.Appliance{
			ApplianceId: string(row.ID), Hostname: row.Hostname, Version: row.CheckIn.Version,
			State: applianceState(row.CheckIn.AtMs, now), LastCheckInMs: row.CheckIn.AtMs, EvidenceBacklog: row.CheckIn.Backlog,
		}
		for _, l := range logs {
			if l.ApplianceID == row.ID {
				a.LogOrigin = l.Origin
			}
		}
		held, err := f.store.Witnessed(ctx, a.LogOrigin)
		if err != nil {
			return nil, fmt.Errorf("reading witness of %s: %w", a.LogOrigin, err)
		}
		a.WitnessedSize = held.Size
		all = append(all, a)
	}
	return all, nil
}

// applianceState is online, stale, offline or never.
func applianceState(checkInMs int64, now time.Time) string {
	age := now.Sub(time.UnixMilli(checkInMs))
	switch {
	case checkInMs == 0:
		return "never"
	case age < onlineFor:
		return "online"
	case age < staleFor:
		return "stale"
	}
	return "offline"
}
