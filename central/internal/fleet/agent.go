package fleet

import (
	"context"
	"fmt"
	"time"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"

	"github.com/osiriscare/osiris/central/internal/store"
)

// AgentStore reads agents.
type AgentStore interface {
	Agents(ctx context.Context, site store.SiteID, after string, held bool, limit int) ([]store.Agent, error)
}

// Agents lists a site's agents; held narrows to those that a person has to do
// with.
func (f *Fleet) Agents(ctx context.Context, site store.SiteID, held bool, p Page) ([]*centralv1.Agent, string, error) {
	var key string
	if err := p.after(&key); err != nil {
		return nil, "", err
	}
	if _, err := f.store.Site(ctx, site); err != nil {
		return nil, "", fmt.Errorf("reading site %s: %w", site, err)
	}
	rows, err := f.store.Agents(ctx, site, key, held, p.limit()+1)
	if err != nil {
		return nil, "", fmt.Errorf("listing agents of site %s: %w", site, err)
	}
	token := ""
	if len(rows) > p.limit() {
		rows = rows[:p.limit()]
		token = next(rows[len(rows)-1].Live.AgentID)
	}
	now := time.Now()
	agents := make([]*centralv1.Agent, len(rows))
	for n := range rows {
		agents[n] = agentMessage(&rows[n], now)
	}
	return agents, token, nil
}

func agentMessage(a *store.Agent, now time.Time) *centralv1.Agent {
	v := a.Live
	m := &centralv1.Agent{
		AgentId: v.AgentID, HostId: v.HostID, Hostname: v.Hostname, Os: v.OS, OsVersion: v.OSVersion, AgentVersion: v.AgentVersion,
		State: hostState(store.HostView{Live: v}, now), LastSeenMs: v.LastSeenMs, Hold: v.Hold, Revoked: a.Revoked, Directory: v.Directory,
	}
	if v.Quarantined && v.Hold == "" {
		m.Hold = "held"
	}
	if d := a.Waiting; d.Version > 0 {
		m.Waiting = &centralv1.AgentOrder{
			Version: d.Version, Verb: trustv1.AgentVerb(d.Verb), Person: d.Person, Reason: d.Reason, MadeMs: d.MadeMs,
		}
	}
	return m
}
