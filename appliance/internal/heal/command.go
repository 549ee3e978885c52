package heal

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/rule"
)

// Schema is the command table.
var Schema = store.Schema{Owner: "heal", Steps: []string{`
CREATE TABLE command (
	id TEXT PRIMARY KEY, incident_id TEXT NOT NULL, host_id TEXT NOT NULL, agent_id TEXT NOT NULL,
	check_id TEXT NOT NULL, rule_id TEXT NOT NULL, runbook_id TEXT NOT NULL, parameters TEXT NOT NULL,
	policy_version INTEGER NOT NULL, state TEXT NOT NULL, session BLOB, created_ms INTEGER NOT NULL,
	sent_ms INTEGER NOT NULL, done_ms INTEGER NOT NULL, outcome TEXT NOT NULL, message TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX command_state ON command (state, created_ms);
CREATE INDEX command_host ON command (host_id, check_id, created_ms)`}}

// commandState is how far a command has come.
type commandState string

const (
	pending commandState = "pending" // made, not handed to a session yet
	sent    commandState = "sent"    // handed to a session
	done    commandState = "done"    // a result came
	dropped commandState = "dropped" // withdrawn before it ran, or never answered
)

// command is one row.
type command struct {
	ID            string // 32 hexadecimal digits
	IncidentID    string
	HostID        string
	AgentID       string
	CheckID       check.ID
	RuleID        string
	RunbookID     string
	Parameters    map[string]string
	PolicyVersion uint64
	State         commandState
	Session       []byte
	CreatedMs     int64
	SentMs        int64 // on Session
	DoneMs        int64
	Outcome       string
	Message       string
}

const columns = `id, incident_id, host_id, agent_id, check_id, rule_id, runbook_id, parameters, policy_version, state,
	session, created_ms, sent_ms, done_ms, outcome, message`

func newCommand(i incident.Incident, r *rule.Rule, policyVersion uint64, nowMs int64) command {
	id := make([]byte, 16)
	rand.Read(id) // never fails since Go 1.24
	return command{
		ID: hex.EncodeToString(id), IncidentID: i.ID, HostID: i.HostID, AgentID: i.AgentID, CheckID: i.CheckID,
		RuleID: r.ID, RunbookID: r.Runbook.ID, Parameters: r.Parameters, PolicyVersion: policyVersion,
		State: pending, CreatedMs: nowMs,
	}
}

// raw is the id as it travels.
func (c command) raw() (id [16]byte, err error) {
	b, err := hex.DecodeString(c.ID)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("command id %q is not 32 hexadecimal digits", c.ID)
	}
	return [16]byte(b), nil
}

// bundleID names the evidence that the command was ordered.
func (c command) bundleID() string { return bundle.IDOf("command/" + c.ID + "/issued") }

func (c command) save(ctx context.Context, tx *store.Tx) error {
	parameters, err := json.Marshal(c.Parameters)
	if err == nil {
		_, err = tx.ExecContext(ctx, `INSERT INTO command (`+columns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
			ON CONFLICT (id) DO UPDATE SET state = excluded.state, session = excluded.session, sent_ms = excluded.sent_ms,
			done_ms = excluded.done_ms, outcome = excluded.outcome, message = excluded.message`,
			c.ID, c.IncidentID, c.HostID, c.AgentID, string(c.CheckID), c.RuleID, c.RunbookID, string(parameters),
			int64(c.PolicyVersion), string(c.State), c.Session, c.CreatedMs, c.SentMs, c.DoneMs, c.Outcome, c.Message)
	}
	if err != nil {
		return fmt.Errorf("saving command %s: %w", c.ID, err)
	}
	return nil
}

// commandByID returns nil when there is none.
func commandByID(ctx context.Context, q incident.Queries, id string) (*command, error) {
	c, err := scan(q.QueryRowContext(ctx, "SELECT "+columns+" FROM command WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &c, err
}

// underWay returns the commands that still wait for a result, oldest first.
func underWay(ctx context.Context, q incident.Queries) ([]command, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+columns+" FROM command WHERE state IN ('pending', 'sent') ORDER BY created_ms LIMIT ?", roundLimit)
	if err != nil {
		return nil, fmt.Errorf("reading commands: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	var out []command
	for rows.Next() {
		c, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("reading commands: %w", err)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// busy reports whether a command of the host is under way.
func busy(ctx context.Context, q incident.Queries, hostID string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, "SELECT count(*) FROM command WHERE host_id = ? AND state IN ('pending', 'sent')", hostID).Scan(&n)
	return n > 0, err
}

// heals counts the commands that healed a check on a host within the flap
// window.
func heals(ctx context.Context, q incident.Queries, i incident.Incident, nowMs int64) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*) FROM command
		WHERE host_id = ? AND check_id = ? AND outcome = 'healed' AND done_ms > ?`,
		i.HostID, string(i.CheckID), nowMs-flapWindow.Milliseconds()).Scan(&n)
	return n, err
}

// past is what a rule has done about a check on a host. Tries are those of this
// incident that did not heal it.
func past(ctx context.Context, q incident.Queries, i incident.Incident, ruleID string) (p rule.Past, err error) {
	var lastMs int64
	err = q.QueryRowContext(ctx, `SELECT coalesce(max(created_ms), 0),
		count(CASE WHEN incident_id = ? AND state IN ('done', 'dropped') AND outcome NOT IN ('healed', 'not_needed') THEN 1 END)
		FROM command WHERE host_id = ? AND check_id = ? AND rule_id = ?`,
		i.ID, i.HostID, string(i.CheckID), ruleID).Scan(&lastMs, &p.Tries)
	if lastMs > 0 {
		p.LastRun = time.UnixMilli(lastMs)
	}
	return p, err
}

func scan(row interface{ Scan(...any) error }) (command, error) {
	var c command
	var parameters string
	err := row.Scan(&c.ID, &c.IncidentID, &c.HostID, &c.AgentID, &c.CheckID, &c.RuleID, &c.RunbookID, &parameters,
		&c.PolicyVersion, &c.State, &c.Session, &c.CreatedMs, &c.SentMs, &c.DoneMs, &c.Outcome, &c.Message)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal([]byte(parameters), &c.Parameters); err != nil {
		return c, fmt.Errorf("decoding parameters of command %s: %w", c.ID, err)
	}
	return c, nil
}

// overdue reports whether the session that has the command should have answered.
func (c command) overdue(timeout time.Duration, nowMs int64) bool {
	return c.State == sent && nowMs > c.SentMs+(timeout+grace).Milliseconds()
}
