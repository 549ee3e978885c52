package store

import (
	"context"
	"database/sql"
	"strings"
)

// Projection writes the rows that follow from bundles, inside the transaction
// that takes them. Bundles come in the order of arrival, so the newest wins.
type Projection struct{ tx *sql.Tx }

// PutHost keeps what a bundle says of its host; empty fields keep what is held.
func (p *Projection) PutHost(ctx context.Context, h Host) error {
	_, err := p.tx.ExecContext(ctx, `INSERT INTO host (site_id, host_id, hostname, device_type, source, agent_id, evidence_ms)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (site_id, host_id) DO UPDATE SET
		hostname = CASE WHEN excluded.hostname = '' THEN hostname ELSE excluded.hostname END,
		device_type = CASE WHEN excluded.device_type = '' THEN device_type ELSE excluded.device_type END,
		source = CASE WHEN excluded.source IN ('', 'appliance') THEN source ELSE excluded.source END,
		agent_id = CASE WHEN excluded.agent_id = '' THEN agent_id ELSE excluded.agent_id END,
		evidence_ms = max(evidence_ms, excluded.evidence_ms)`,
		h.SiteID, h.HostID, h.Hostname, h.DeviceType, h.Source, h.AgentID, h.EvidenceMs)
	return err
}

// PutVerdict replaces the verdict of a check on a host from a source.
func (p *Projection) PutVerdict(ctx context.Context, v Verdict) error {
	_, err := p.tx.ExecContext(ctx, "INSERT OR REPLACE INTO verdict ("+verdictColumns+
		") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", v.SiteID, v.HostID, v.CheckID, v.Source, v.Status, v.Severity,
		v.Actual, v.Expected, v.Reason, v.DriftType, v.Citation, v.ObservedMs, v.ReceivedMs, v.BundleID)
	return err
}

// DropVerdict forgets the verdict of a check on a host from a source, if there is one.
func (p *Projection) DropVerdict(ctx context.Context, site SiteID, hostID, checkID, source string) error {
	_, err := p.tx.ExecContext(ctx, "DELETE FROM verdict WHERE site_id = ? AND host_id = ? AND check_id = ? AND source = ?",
		site, hostID, checkID, source)
	return err
}

// Failing names the sources whose newest verdict of a check on a host is a failure.
func (p *Projection) Failing(ctx context.Context, site SiteID, hostID, checkID string) ([]string, error) {
	rows, err := p.tx.QueryContext(ctx, `SELECT source FROM verdict
		WHERE site_id = ? AND host_id = ? AND check_id = ? AND status = 'fail' ORDER BY source`, site, hostID, checkID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var sources []string
	for rows.Next() {
		var source string
		if err := rows.Scan(&source); err != nil {
			return nil, err
		}
		sources = append(sources, source)
	}
	return sources, rows.Err()
}

// Incident reads an incident as it is in the transaction, or ErrNotFound.
func (p *Projection) Incident(ctx context.Context, site SiteID, id string) (Incident, error) {
	i, err := scanIncident(p.tx.QueryRowContext(ctx, "SELECT "+incidentColumns+
		" FROM incident WHERE site_id = ? AND incident_id = ?", site, id))
	return i, notFound(err)
}

// Unresolved reads the newest incident of a check on a host that is not
// resolved, or ErrNotFound.
func (p *Projection) Unresolved(ctx context.Context, site SiteID, hostID, checkID string) (Incident, error) {
	i, err := scanIncident(p.tx.QueryRowContext(ctx, "SELECT "+incidentColumns+` FROM incident
		WHERE site_id = ? AND host_id = ? AND check_id = ? AND state <> 'resolved'
		ORDER BY opened_ms DESC, incident_id DESC LIMIT 1`, site, hostID, checkID))
	return i, notFound(err)
}

// PutIncident replaces an incident.
func (p *Projection) PutIncident(ctx context.Context, i Incident) error {
	_, err := p.tx.ExecContext(ctx, "INSERT OR REPLACE INTO incident ("+incidentColumns+
		") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", i.SiteID, i.IncidentID, i.HostID, i.Hostname, i.CheckID,
		i.DriftType, i.Severity, i.State, i.Level, i.Outcome, i.RunbookID, i.Summary, i.OpenedMs, i.ChangedMs,
		strings.Join(i.Sources, " "))
	return err
}

// Rebuild empties the projections and lets fill make them again, all or
// nothing. Readers see the old rows until it returns; nothing else is written
// meanwhile.
func (s *Store) Rebuild(ctx context.Context, fill func(p *Projection) error) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"host", "verdict", "incident"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		return fill(&Projection{tx})
	})
}
