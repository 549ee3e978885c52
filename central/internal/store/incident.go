package store

import (
	"context"
	"strings"
)

// Incident is one incident as its newest bundles leave it.
type Incident struct {
	SiteID     SiteID
	IncidentID string
	HostID     string
	Hostname   string
	CheckID    string
	DriftType  string
	Severity   string
	State      string // open, healing, resolved or escalated
	Level      string
	Outcome    string
	RunbookID  string
	Summary    string
	OpenedMs   int64
	ChangedMs  int64
	Sources    []string // that still see the drift
}

const incidentColumns = `site_id, incident_id, host_id, hostname, check_id, drift_type, severity, state, level, outcome,
	runbook_id, summary, opened_ms, changed_ms, sources`

func scanIncident(row scanner) (i Incident, err error) {
	var sources string
	err = row.Scan(&i.SiteID, &i.IncidentID, &i.HostID, &i.Hostname, &i.CheckID, &i.DriftType, &i.Severity, &i.State,
		&i.Level, &i.Outcome, &i.RunbookID, &i.Summary, &i.OpenedMs, &i.ChangedMs,
		&sources)
	i.Sources = strings.Fields(sources)
	return i, err
}

// IncidentFilter narrows a list; empty fields match all.
type IncidentFilter struct {
	Site     SiteID
	HostID   string
	OpenOnly bool // everything but resolved
	// Key of the last row of the page before.
	BeforeMs int64
	BeforeID string
}

// Incidents lists incidents, newest opened first.
func (s *Store) Incidents(ctx context.Context, f IncidentFilter, limit int) ([]Incident, error) {
	query := "SELECT " + incidentColumns + " FROM incident WHERE site_id = ?"
	args := []any{f.Site}
	if f.HostID != "" {
		query += " AND host_id = ?"
		args = append(args, f.HostID)
	}
	if f.OpenOnly {
		query += " AND state <> 'resolved'"
	}
	if f.BeforeMs > 0 {
		query += " AND (opened_ms, incident_id) < (?, ?)"
		args = append(args, f.BeforeMs, f.BeforeID)
	}
	return list(ctx, s.reader, scanIncident, query+" ORDER BY opened_ms DESC, incident_id DESC LIMIT ?", append(args, limit)...)
}

// CountOpenIncidents counts what is not resolved, by host.
func (s *Store) CountOpenIncidents(ctx context.Context, site SiteID) (map[string]uint32, error) {
	counts, err := list(ctx, s.reader, func(row scanner) (c Count, err error) {
		return c, row.Scan(&c.HostID, &c.N)
	}, "SELECT host_id, count(*) FROM incident WHERE site_id = ? AND state <> 'resolved' GROUP BY 1", site)
	byHost := make(map[string]uint32, len(counts))
	for _, c := range counts {
		byHost[c.HostID] = c.N
	}
	return byHost, err
}
