package store

import (
	"context"
	"database/sql"
)

// Says is what one bundle says: the rows that follow from it. HostID is empty
// for bundles about no host.
type Says struct {
	Evidence Evidence
	Host     Host
	Verdicts []Verdict
	Incident Incident // changes; empty fields keep what is held; none without an id
}

// project writes the rows that follow from a bundle. Bundles come in log order,
// so the newest wins.
func project(ctx context.Context, tx *sql.Tx, v Says) error {
	if v.Host.HostID != "" {
		if err := projectHost(ctx, tx, v.Host); err != nil {
			return err
		}
	}
	for _, verdict := range v.Verdicts {
		if err := projectVerdict(ctx, tx, verdict); err != nil {
			return err
		}
	}
	if v.Incident.IncidentID == "" {
		return nil
	}
	return projectIncident(ctx, tx, v.Incident)
}

func projectHost(ctx context.Context, tx *sql.Tx, h Host) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO host (site_id, host_id, hostname, device_type, source, agent_id, evidence_ms)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (site_id, host_id) DO UPDATE SET
		hostname = CASE WHEN excluded.hostname = '' THEN hostname ELSE excluded.hostname END,
		device_type = CASE WHEN excluded.device_type = '' THEN device_type ELSE excluded.device_type END,
		source = CASE WHEN excluded.source IN ('', 'appliance') THEN source ELSE excluded.source END,
		agent_id = CASE WHEN excluded.agent_id = '' THEN agent_id ELSE excluded.agent_id END,
		evidence_ms = max(evidence_ms, excluded.evidence_ms)`,
		h.SiteID, h.HostID, h.Hostname, h.DeviceType, h.Source, h.AgentID, h.EvidenceMs)
	return err
}

func projectVerdict(ctx context.Context, tx *sql.Tx, v Verdict) error {
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO verdict (site_id, host_id, check_id, source, status, severity,
		actual, expected, reason, drift_type, citation, observed_ms, received_ms, bundle_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, v.SiteID, v.HostID, v.CheckID, v.Source, v.Status, v.Severity,
		v.Actual, v.Expected, v.Reason, v.DriftType, v.Citation, v.ObservedMs, v.ReceivedMs, v.BundleID)
	return err
}

func projectIncident(ctx context.Context, tx *sql.Tx, i Incident) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO incident (site_id, incident_id, host_id, hostname, check_id, drift_type,
		severity, state, level, outcome, runbook_id, summary, opened_ms, changed_ms)
		VALUES (?, ?, ?, ?, ?, ?, ?, CASE WHEN ?8 = '' THEN 'open' ELSE ?8 END, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (site_id, incident_id) DO UPDATE SET
		host_id = CASE WHEN excluded.host_id = '' THEN host_id ELSE excluded.host_id END,
		hostname = CASE WHEN excluded.hostname = '' THEN hostname ELSE excluded.hostname END,
		check_id = CASE WHEN excluded.check_id = '' THEN check_id ELSE excluded.check_id END,
		drift_type = CASE WHEN excluded.drift_type = '' THEN drift_type ELSE excluded.drift_type END,
		severity = CASE WHEN excluded.severity = '' THEN severity ELSE excluded.severity END,
		state = CASE WHEN ?8 = '' THEN state ELSE ?8 END,
		level = CASE WHEN excluded.level = '' THEN level ELSE excluded.level END,
		outcome = CASE WHEN excluded.outcome = '' THEN outcome ELSE excluded.outcome END,
		runbook_id = CASE WHEN excluded.runbook_id = '' THEN runbook_id ELSE excluded.runbook_id END,
		summary = CASE WHEN excluded.summary = '' THEN summary ELSE excluded.summary END,
		changed_ms = excluded.changed_ms`,
		i.SiteID, i.IncidentID, i.HostID, i.Hostname, i.CheckID, i.DriftType, i.Severity, i.State, i.Level, i.Outcome,
		i.RunbookID, i.Summary, i.OpenedMs, i.ChangedMs)
	return err
}

// ClearProjections empties host, verdict and incident; Project fills them
// again. Readers see the old rows until done returns.
func (s *Store) Rebuild(ctx context.Context, fill func(project func(Says) error) error) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"host", "verdict", "incident"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		return fill(func(v Says) error { return project(ctx, tx, v) })
	})
}
