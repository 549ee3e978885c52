package fleet

import (
	"context"
	"fmt"
	"time"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"

	"github.com/osiriscare/osiris/central/internal/score"
	"github.com/osiriscare/osiris/central/internal/store"
)

// HostStore reads hosts, their verdicts and incidents.
type HostStore interface {
	Hosts(ctx context.Context, site store.SiteID, after string, limit int) ([]store.HostView, error)
	Host(ctx context.Context, site store.SiteID, hostID string) (store.HostView, error)
	Verdicts(ctx context.Context, site store.SiteID, hostID string) ([]store.Verdict, error)
	CountByHost(ctx context.Context, site store.SiteID, first, last string, freshSince int64) ([]store.Count, error)
	Incidents(ctx context.Context, f store.IncidentFilter, limit int) ([]store.Incident, error)
}

// Hosts lists hosts of a site.
func (f *Fleet) Hosts(ctx context.Context, site store.SiteID, p Page) ([]*centralv1.Host, string, error) {
	var key string
	if err := p.after(&key); err != nil {
		return nil, "", err
	}
	if _, err := f.store.Site(ctx, site); err != nil {
		return nil, "", fmt.Errorf("reading site %s: %w", site, err)
	}
	rows, err := f.store.Hosts(ctx, site, key, p.limit()+1)
	if err != nil {
		return nil, "", fmt.Errorf("listing hosts of site %s: %w", site, err)
	}
	token := ""
	if len(rows) > p.limit() {
		rows = rows[:p.limit()]
		token = next(rows[len(rows)-1].HostID)
	}
	hosts, err := f.hosts(ctx, site, rows)
	return hosts, token, err
}

func (f *Fleet) hosts(ctx context.Context, site store.SiteID, rows []store.HostView) ([]*centralv1.Host, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	now := time.Now()
	counts, err := f.store.CountByHost(ctx, site, rows[0].HostID, rows[len(rows)-1].HostID, score.Since(now))
	if err != nil {
		return nil, fmt.Errorf("counting verdicts of site %s: %w", site, err)
	}
	open, err := f.store.CountOpenIncidents(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("counting incidents of site %s: %w", site, err)
	}
	scores := score.ByHost(counts)
	hosts := make([]*centralv1.Host, len(rows))
	for n, h := range rows {
		its, counted := scores[h.HostID]
		if !counted {
			its = score.Of(nil)
		}
		hosts[n] = &centralv1.Host{
			HostId: h.HostID, SiteId: string(site), Hostname: h.Hostname, Os: h.Live.OS, OsVersion: h.Live.OSVersion,
			AgentVersion: h.Live.AgentVersion, Source: h.Source, State: hostState(h, now), LastSeenMs: lastSeen(h),
			Asserted: h.Live.Asserted, Quarantined: h.Live.Quarantined, Dropped: h.Live.Dropped,
			Score: scoreMessage(its), OpenIncidents: open[h.HostID],
		}
	}
	return hosts, nil
}

func lastSeen(h store.HostView) int64 { return max(h.Live.LastSeenMs, h.EvidenceMs) }

// hostState is connected, seen, stale or never.
func hostState(h store.HostView, now time.Time) string {
	seen := lastSeen(h)
	age := now.Sub(time.UnixMilli(seen))
	switch {
	case h.Live.Connected && now.Sub(time.UnixMilli(h.Live.ReportedMs)) < onlineFor:
		return "connected"
	case seen == 0:
		return "never"
	case age < staleFor:
		return "seen"
	}
	return "stale"
}

// Host reads one host with its checks.
func (f *Fleet) Host(ctx context.Context, site store.SiteID, hostID string) (*centralv1.Host, []*centralv1.CheckState, error) {
	row, err := f.store.Host(ctx, site, hostID)
	if err != nil {
		return nil, nil, fmt.Errorf("reading host %s: %w", hostID, err)
	}
	hosts, err := f.hosts(ctx, site, []store.HostView{row})
	if err != nil {
		return nil, nil, err
	}
	verdicts, err := f.store.Verdicts(ctx, site, hostID)
	if err != nil {
		return nil, nil, fmt.Errorf("reading verdicts of host %s: %w", hostID, err)
	}
	now := time.Now()
	states := make([]*centralv1.CheckState, len(verdicts))
	for n, v := range verdicts {
		states[n] = checkState(v, now)
	}
	return hosts[0], states, nil
}

func checkState(v store.Verdict, now time.Time) *centralv1.CheckState {
	c := &centralv1.CheckState{
		CheckId: v.CheckID, Title: v.CheckID, Status: v.Status, Severity: v.Severity, Actual: v.Actual, Expected: v.Expected,
		Reason: v.Reason, ObservedMs: v.ReceivedMs, Source: v.Source, Citation: v.Citation, BundleId: v.BundleID,
	}
	if known, ok := catalog.Find(check.ID(v.CheckID)); ok {
		c.Title, c.Advice = known.Title, known.Advice
	}
	if v.ReceivedMs < score.Since(now) && v.Status != check.NotApplicable.String() {
		c.Status = check.Unknown.String()
		c.Reason = "Not measured for more than a day; the last result was " + v.Status + "."
	}
	return c
}

type incidentKey struct {
	Ms int64
	ID string
}

// Incidents lists incidents of a site, newest first; hostID narrows to a host.
func (f *Fleet) Incidents(ctx context.Context, site store.SiteID, hostID string, openOnly bool, p Page) ([]*centralv1.Incident, string, error) {
	var key incidentKey
	if err := p.after(&key); err != nil {
		return nil, "", err
	}
	if _, err := f.store.Site(ctx, site); err != nil {
		return nil, "", fmt.Errorf("reading site %s: %w", site, err)
	}
	rows, err := f.store.Incidents(ctx, store.IncidentFilter{
		Site: site, HostID: hostID, OpenOnly: openOnly, BeforeMs: key.Ms, BeforeID: key.ID,
	}, p.limit()+1)
	if err != nil {
		return nil, "", fmt.Errorf("listing incidents of site %s: %w", site, err)
	}
	token := ""
	if len(rows) > p.limit() {
		rows = rows[:p.limit()]
		last := rows[len(rows)-1]
		token = next(incidentKey{last.OpenedMs, last.IncidentID})
	}
	incidents := make([]*centralv1.Incident, len(rows))
	for n, i := range rows {
		incidents[n] = &centralv1.Incident{
			IncidentId: i.IncidentID, SiteId: string(site), HostId: i.HostID, Hostname: i.Hostname, CheckId: i.CheckID,
			DriftType: i.DriftType, Severity: i.Severity, State: i.State, Level: i.Level, Outcome: i.Outcome,
			OpenedMs: i.OpenedMs, ChangedMs: i.ChangedMs, Summary: i.Summary, RunbookId: i.RunbookID,
		}
	}
	return incidents, token, nil
}
