package incident

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/check"
)

// Schema is the incident table.
var Schema = store.Schema{Owner: "incident", Steps: []string{`
CREATE TABLE incident (
	id TEXT PRIMARY KEY, site_id TEXT NOT NULL, host_id TEXT NOT NULL, check_id TEXT NOT NULL,
	hostname TEXT NOT NULL, os TEXT NOT NULL, agent_id TEXT NOT NULL, drift_type TEXT NOT NULL,
	severity TEXT NOT NULL, pattern TEXT NOT NULL, sources TEXT NOT NULL, state TEXT NOT NULL,
	level TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, summary TEXT NOT NULL,
	runbook_id TEXT NOT NULL, facts TEXT NOT NULL, opened_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL,
	ended_ms INTEGER NOT NULL, reopened INTEGER NOT NULL, escalated INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX incident_live ON incident (site_id, host_id, check_id) WHERE state <> 'resolved';
CREATE INDEX incident_of ON incident (site_id, host_id, check_id, opened_ms);
CREATE INDEX incident_state ON incident (state, changed_ms)`}}

const columns = `id, site_id, host_id, check_id, hostname, os, agent_id, drift_type, severity, pattern, sources, state,
	level, outcome, reason, summary, runbook_id, facts, opened_ms, changed_ms, ended_ms, reopened, escalated`

// Queries is what reading needs: a *store.Tx inside a write, a *sql.DB outside.
type Queries interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Save writes an incident inside tx.
func Save(ctx context.Context, tx *store.Tx, i Incident) error {
	facts, err := json.Marshal(i.Facts)
	if err != nil {
		return fmt.Errorf("encoding facts of incident %s: %w", i.ID, err)
	}
	// Not OR REPLACE: that would delete another live incident of the same check.
	_, err = tx.ExecContext(ctx, `INSERT INTO incident (`+columns+`)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT (id) DO UPDATE SET hostname = excluded.hostname, os = excluded.os, agent_id = excluded.agent_id,
		severity = excluded.severity, sources = excluded.sources, state = excluded.state, level = excluded.level,
		outcome = excluded.outcome, reason = excluded.reason, summary = excluded.summary, runbook_id = excluded.runbook_id,
		facts = excluded.facts, changed_ms = excluded.changed_ms, ended_ms = excluded.ended_ms,
		reopened = excluded.reopened, escalated = excluded.escalated`,
		i.ID, i.SiteID, i.HostID, string(i.CheckID), i.Hostname, i.OS, i.AgentID, i.DriftType, i.Severity, i.Pattern,
		strings.Join(i.Sources, ","), string(i.State), string(i.Level), i.Outcome, i.Reason, i.Summary, i.RunbookID,
		string(facts), i.OpenedMs, i.ChangedMs, i.EndedMs, i.Reopened, i.Escalated)
	if err != nil {
		return fmt.Errorf("saving incident %s: %w", i.ID, err)
	}
	return nil
}

// Get returns the incident with this id or ErrNotFound.
func Get(ctx context.Context, q Queries, incidentID string) (Incident, error) {
	i, err := scan(q.QueryRowContext(ctx, "SELECT "+columns+" FROM incident WHERE id = ?", incidentID))
	if errors.Is(err, sql.ErrNoRows) {
		return Incident{}, ErrNotFound
	}
	return i, err
}

// InState returns up to limit incidents in a state, the longest waiting first.
func InState(ctx context.Context, q Queries, state State, limit int) ([]Incident, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+columns+" FROM incident WHERE state = ? ORDER BY changed_ms LIMIT ?", string(state), limit)
	if err != nil {
		return nil, fmt.Errorf("reading incidents: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	var out []Incident
	for rows.Next() {
		i, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("reading incidents: %w", err)
		}
		out = append(out, i)
	}
	return out, rows.Err()
}

// Unresolved counts the incidents that are not resolved.
func Unresolved(ctx context.Context, q Queries) (n int, err error) {
	err = q.QueryRowContext(ctx, "SELECT count(*) FROM incident WHERE state <> 'resolved'").Scan(&n)
	return n, err
}

// newest returns the latest incident of a (site, host, check), or nil.
func newest(ctx context.Context, q Queries, siteID, hostID string, checkID check.ID) (*Incident, error) {
	i, err := scan(q.QueryRowContext(ctx, "SELECT "+columns+` FROM incident
		WHERE site_id = ? AND host_id = ? AND check_id = ? ORDER BY opened_ms DESC, id DESC LIMIT 1`, siteID, hostID, string(checkID)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &i, err
}

// live returns the incident of a (site, host, check) that is not resolved, or nil.
// The index incident_live holds nothing else, so that no row is touched when
// there is none.
func live(ctx context.Context, q Queries, siteID, hostID string, checkID check.ID) (*Incident, error) {
	i, err := scan(q.QueryRowContext(ctx, "SELECT "+columns+` FROM incident INDEXED BY incident_live
		WHERE site_id = ? AND host_id = ? AND check_id = ? AND state <> 'resolved'`, siteID, hostID, string(checkID)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &i, err
}

func scan(row interface{ Scan(...any) error }) (Incident, error) {
	var i Incident
	var sources, facts string
	err := row.Scan(&i.ID, &i.SiteID, &i.HostID, &i.CheckID, &i.Hostname, &i.OS, &i.AgentID, &i.DriftType, &i.Severity,
		&i.Pattern, &sources, &i.State, &i.Level, &i.Outcome, &i.Reason, &i.Summary, &i.RunbookID, &facts,
		&i.OpenedMs, &i.ChangedMs, &i.EndedMs, &i.Reopened, &i.Escalated)
	if err != nil {
		return i, err
	}
	if sources != "" {
		i.Sources = strings.Split(sources, ",")
	}
	if err := json.Unmarshal([]byte(facts), &i.Facts); err != nil {
		return i, fmt.Errorf("decoding facts of incident %s: %w", i.ID, err)
	}
	return i, nil
}
