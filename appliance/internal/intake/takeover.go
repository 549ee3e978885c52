package intake

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// takers knows which hosts an agent took over from a road, and which it left to one.
type takers interface {
	TakenOver() []host.Takeover
	Left(now time.Time) []host.Takeover
}

// Takeover ends what a road holds of a host once an agent watches it, since the
// road is not taken any more while the agent lives. Of a check that the agent has
// executed since, the road's verdict is superseded: forgotten, its drift ended under
// that word, with evidence. Of the others it stays, and grows stale. An agent that left
// for good is superseded in the same way, by what a road has executed since.
type Takeover struct {
	*Intake
	hosts takers
}

// NewTakeover makes one.
func NewTakeover(i *Intake, hosts takers) *Takeover { return &Takeover{Intake: i, hosts: hosts} }

// clockSlack is how far in the future something is before a clock was set back.
const clockSlack = time.Hour

// held is a road's newest verdict that an agent's is newer than.
type held struct {
	hostID, source string
	by             string // the source that judges now
	checkID        check.ID
	status         check.Status
}

// TakeOver looks at every host that an agent took over. Doing it again changes
// nothing.
func (t *Takeover) TakeOver(ctx context.Context) error {
	for _, taken := range t.hosts.TakenOver() {
		for _, record := range taken.Records {
			find := func(q incident.Queries) ([]held, error) { return outdated(ctx, q, taken.Agent.ID, record) }
			if err := t.supersede(ctx, taken.Agent, record, find); err != nil {
				return fmt.Errorf("superseding what roads hold of %s: %w", record, err)
			}
		}
	}
	for _, left := range t.hosts.Left(time.Now()) {
		find := func(q incident.Queries) ([]held, error) { return abandoned(ctx, q, left) }
		if err := t.supersede(ctx, left.Agent, left.Agent.ID, find); err != nil {
			return fmt.Errorf("superseding what the agent of %s held: %w", left.Agent.ID, err)
		}
	}
	return nil
}

// abandoned are the verdicts of an agent that left which a road has executed the check
// of since it was heard of last.
func abandoned(ctx context.Context, q incident.Queries, left host.Takeover) (out []held, err error) {
	for _, record := range left.Records {
		rows, err := collect(ctx, q, `SELECT a.host_id, a.source, a.check_id, a.status, r.source FROM verdict a
			JOIN verdict r ON r.host_id = ? AND r.source IN (?, ?) AND r.check_id = a.check_id
			WHERE a.host_id = ? AND a.source = ? AND r.status IN (?, ?) AND r.received_ms > max(a.received_ms, ?) AND r.received_ms <= ?
			ORDER BY a.check_id, r.source`,
			record, string(drift.SourceWinRM), string(drift.SourceSSH), left.Agent.ID, string(drift.SourceAgent), int64(check.Pass), int64(check.Fail),
			left.Agent.LastSeenMs, time.Now().Add(clockSlack).UnixMilli())
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if !slices.ContainsFunc(out, func(o held) bool { return o.checkID == r.checkID }) {
				out = append(out, r)
			}
		}
	}
	return out, nil
}

func (t *Takeover) supersede(ctx context.Context, agent host.Host, record string, find func(q incident.Queries) ([]held, error)) error {
	// Mostly nothing is: the writer is asked only if something is.
	if rows, err := find(t.store.Reader()); err != nil || len(rows) == 0 {
		return err
	}
	now := time.Now()
	var changes []incident.Change
	var rows []held
	err := t.store.Write(ctx, func(tx *store.Tx) (err error) {
		changes = nil
		if rows, err = find(tx); err != nil {
			return err
		}
		for _, r := range rows {
			change, err := t.end(ctx, tx, agent, r, now)
			if err != nil {
				return err
			}
			if change.Kind != incident.None {
				changes = append(changes, change)
			}
		}
		return t.proveAll(ctx, tx, agent, record, rows, now)
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	t.outbox.Wake()
	t.log.InfoContext(ctx, "verdicts superseded", "by", rows[0].by, "host_id", agent.ID, "hostname", agent.Hostname, "record", record,
		"verdicts", len(rows), "incidents", len(changes))
	if len(changes) > 0 {
		t.sink.Committed(changes)
	}
	return nil
}

// outdated are the verdicts of roads on a record that the agent's own are newer
// than. What the agent could not tell does not count. The agent's clock says when it
// looked, by as much as it is wrong: records may have waited in its queue while the
// road was taken. What the road saw in our future it saw before our clock was set back.
func outdated(ctx context.Context, q incident.Queries, agentHost, record string) (out []held, err error) {
	wrong, err := wrongBy(ctx, q, agentHost)
	if err != nil {
		return nil, err
	}
	return collect(ctx, q, `SELECT r.host_id, r.source, r.check_id, r.status, a.source FROM verdict r
		JOIN verdict a ON a.host_id = ? AND a.source = ? AND a.check_id = r.check_id
		WHERE r.host_id = ? AND r.source IN (?, ?) AND a.status IN (?, ?)
		AND (a.observed_ms + ? > r.received_ms OR r.received_ms > ?) ORDER BY r.source, r.check_id`,
		agentHost, string(drift.SourceAgent), record, string(drift.SourceWinRM), string(drift.SourceSSH), int64(check.Pass), int64(check.Fail), wrong, time.Now().Add(clockSlack).UnixMilli())
}

// slow is how far an agent's clock may be off without that being said of it: its newest
// record may have waited a moment.
const slow = 5 * time.Minute

// wrongBy tells by how many milliseconds an agent's clock is behind ours, as what came
// with its newest records says: of those that waited least.
func wrongBy(ctx context.Context, q incident.Queries, agentHost string) (ms int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT coalesce(min(received_ms - observed_ms), 0) FROM verdict WHERE host_id = ?1 AND source = ?2
		AND received_ms > (SELECT max(received_ms) FROM verdict WHERE host_id = ?1 AND source = ?2) - ?3`,
		agentHost, string(drift.SourceAgent), time.Hour.Milliseconds()).Scan(&ms)
	if err != nil || max(ms, -ms) < slow.Milliseconds() {
		return 0, err
	}
	return ms, nil
}

// collect reads verdicts that ended.
func collect(ctx context.Context, q incident.Queries, query string, args ...any) (out []held, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	for rows.Next() {
		var r held
		if err := rows.Scan(&r.hostID, &r.source, &r.checkID, &r.status, &r.by); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// end forgets a verdict, and ends its drift with evidence if there is one.
func (t *Takeover) end(ctx context.Context, tx *store.Tx, agent host.Host, r held, now time.Time) (incident.Change, error) {
	if _, err := tx.ExecContext(ctx, "DELETE FROM verdict WHERE host_id = ? AND source = ? AND check_id = ?",
		r.hostID, r.source, string(r.checkID)); err != nil {
		return incident.Change{}, err
	}
	change, err := incident.Supersede(ctx, tx, incident.Observation{
		SiteID: t.siteID, HostID: r.hostID, Source: r.source, CheckID: r.checkID, AtMs: now.UnixMilli(),
	}, r.by)
	if err != nil || change.Kind == incident.None {
		return change, err
	}
	i := change.Incident
	b := t.superseded(agent, r.hostID, []held{r}, now, i.ID)
	b.CheckID, b.DriftType, b.Severity, b.IncidentID, b.Level = string(i.CheckID), i.DriftType, i.Severity, i.ID, string(i.Level)
	b.HIPAAControls, b.Summary = citations(i.CheckID), i.Summary+"."
	return change, outbox.Add(ctx, tx, b)
}

// proveAll tells which verdicts ended, one bundle a source.
func (t *Takeover) proveAll(ctx context.Context, tx *store.Tx, agent host.Host, record string, rows []held, now time.Time) error {
	bySource := map[string][]held{}
	for _, r := range rows {
		bySource[r.source] = append(bySource[r.source], r)
	}
	for _, its := range bySource {
		if err := outbox.Add(ctx, tx, t.superseded(agent, record, its, now, "")); err != nil {
			return err
		}
	}
	return nil
}

// superseded is the bundle on verdicts of one source. PreState has what it said
// last of each check, PostState whose word counts now.
func (t *Takeover) superseded(agent host.Host, record string, rows []held, now time.Time, incidentID string) *bundle.Bundle {
	source := rows[0].source
	b := &bundle.Bundle{
		BundleID: bundle.IDOf("superseded/" + record + "/" + source + "/" + incidentID + "/" + strconv.FormatInt(now.UnixNano(), 10)),
		Kind:     bundle.KindSuperseded, SiteID: t.siteID, HostID: record,
		Source: "appliance", Phase: bundle.KindSuperseded, Outcome: bundle.OutcomeNone,
		PreState: map[string]string{}, PostState: map[string]string{bundle.StateSource: source, bundle.StateBy: rows[0].by, "agent_host": agent.ID},
		ReceivedTime: bundle.At(now), MadeTime: bundle.At(now), DeploymentMode: deploymentMode,
	}
	if record == agent.ID { // another record keeps the name it has
		b.Hostname, b.AgentID = agent.Hostname, agent.AgentID
	}
	for _, r := range rows {
		b.PreState[string(r.checkID)] = r.status.String()
	}
	if source == string(drift.SourceAgent) {
		b.Summary = fmt.Sprintf("The agent was not heard of for days, and %s judges this computer now: what the agent saw of %d checks no longer counts.", rows[0].by, len(rows))
		return b
	}
	b.Summary = fmt.Sprintf("The agent watches this computer now: what was seen over %s of %d checks no longer counts.", source, len(rows))
	return b
}
