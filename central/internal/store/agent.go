package store

import "context"

// Agent is an agent as the last check-in of its appliance has it.
type Agent struct {
	Live    LiveHost
	Revoked string // why; empty when it was not
	// Waiting is the newest decision that the appliance has not taken; its
	// version is 0 without one.
	Waiting Decision
}

// agents joins what the appliance said with what was decided here. ?3 narrows to
// one agent, ?4 to those that a person has to do with.
const agents = `SELECT v.host_id, v.agent_id, v.hostname, v.os, v.os_version, v.agent_version, v.connected, v.last_seen_ms,
	v.quarantined, v.hold, v.directory, v.reported_ms, coalesce(r.reason, ''), coalesce(d.version, 0), coalesce(d.verb, 0),
	coalesce(d.person, ''), coalesce(d.reason, ''), coalesce(d.made_ms, 0)
	FROM host_live v
	JOIN appliance a ON a.appliance_id = v.appliance_id
	LEFT JOIN revoked_agent r ON r.site_id = v.site_id AND r.agent_id = v.agent_id
	LEFT JOIN agent_decision d ON d.site_id = v.site_id AND d.version = (SELECT max(w.version) FROM agent_decision w
		WHERE w.site_id = v.site_id AND w.agent_id = v.agent_id AND w.version > a.decision_version)
	WHERE v.site_id = ?1 AND v.agent_id > ?2 AND (?3 = '' OR v.agent_id = ?3)
		AND (?4 = 0 OR v.quarantined <> 0 OR r.agent_id IS NOT NULL OR d.version IS NOT NULL)
	ORDER BY v.agent_id, v.reported_ms DESC LIMIT ?5`

func scanAgent(row scanner) (a Agent, err error) {
	v, d := &a.Live, &a.Waiting
	err = row.Scan(&v.HostID, &v.AgentID, &v.Hostname, &v.OS, &v.OSVersion, &v.AgentVersion, &v.Connected, &v.LastSeenMs,
		&v.Quarantined, &v.Hold, &v.Directory, &v.ReportedMs, &a.Revoked, &d.Version, &d.Verb, &d.Person, &d.Reason, &d.MadeMs)
	return a, err
}

// Agents lists a site's agents after an agent id.
func (s *Store) Agents(ctx context.Context, site SiteID, after string, held bool, limit int) ([]Agent, error) {
	return list(ctx, s.reader, scanAgent, agents, site, after, "", held, limit)
}

// Agent reads one agent of a site or ErrNotFound.
func (s *Store) Agent(ctx context.Context, site SiteID, agentID string) (Agent, error) {
	a, err := scanAgent(s.reader.QueryRowContext(ctx, agents, site, "", agentID, false, 1))
	return a, notFound(err)
}
