package store

import (
	"context"
	"database/sql"
)

// Host is what evidence says of a host.
type Host struct {
	SiteID     SiteID
	HostID     string
	Hostname   string
	DeviceType string
	Source     string
	AgentID    string
	EvidenceMs int64
}

// LiveHost is what the last check-in said of a host.
type LiveHost struct {
	HostID       string
	AgentID      string
	Hostname     string
	OS           string
	OSVersion    string
	AgentVersion string
	Source       string
	Connected    bool
	LastSeenMs   int64
	Asserted     bool
	Quarantined  bool
	Hold         string // why it is quarantined; empty when its appliance does not say
	Directory    string // what the directory says of one that waits; central.v1.HostStatus has the words
	Dropped      uint64
	ReportedMs   int64
}

// HostView is a host with both sides; either may be empty.
type HostView struct {
	Host
	Live LiveHost // ReportedMs is 0 when no check-in named it
}

func replaceLive(ctx context.Context, tx *sql.Tx, id ApplianceID, site SiteID, hosts []LiveHost) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM host_live WHERE site_id = ? AND appliance_id = ?", site, id); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, `INSERT OR REPLACE INTO host_live (site_id, host_id, appliance_id, agent_id,
		hostname, os, os_version, agent_version, source, connected, last_seen_ms, asserted, quarantined, dropped, reported_ms, hold, directory)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close() //nolint:errcheck // the transaction says whether it worked
	for _, h := range hosts {
		if _, err := insert.ExecContext(ctx, site, h.HostID, id, h.AgentID, h.Hostname, h.OS, h.OSVersion, h.AgentVersion,
			h.Source, h.Connected, h.LastSeenMs, h.Asserted, h.Quarantined, int64(h.Dropped), h.ReportedMs, h.Hold, h.Directory); err != nil {
			return err
		}
	}
	return nil
}

// hostViews joins evidence and liveness; a host may be known to one only.
const hostViews = `SELECT ids.site_id, ids.host_id, coalesce(nullif(v.hostname, ''), h.hostname, ''), coalesce(h.device_type, ''),
	coalesce(v.source, h.source, ''), coalesce(nullif(v.agent_id, ''), h.agent_id, ''), coalesce(h.evidence_ms, 0),
	coalesce(v.os, ''), coalesce(v.os_version, ''), coalesce(v.agent_version, ''), coalesce(v.connected, 0),
	coalesce(v.last_seen_ms, 0), coalesce(v.asserted, 0), coalesce(v.quarantined, 0), coalesce(v.dropped, 0),
	coalesce(v.reported_ms, 0)
	FROM (SELECT site_id, host_id FROM host WHERE site_id = ?1 AND host_id > ?2 AND (?3 = '' OR host_id = ?3)
	      UNION SELECT site_id, host_id FROM host_live WHERE site_id = ?1 AND host_id > ?2 AND (?3 = '' OR host_id = ?3)
	      ORDER BY host_id LIMIT ?4) ids
	LEFT JOIN host h ON h.site_id = ids.site_id AND h.host_id = ids.host_id
	LEFT JOIN host_live v ON v.site_id = ids.site_id AND v.host_id = ids.host_id
	ORDER BY ids.host_id`

func scanHostView(row scanner) (h HostView, err error) {
	var dropped int64
	err = row.Scan(&h.SiteID, &h.HostID, &h.Hostname, &h.DeviceType, &h.Source, &h.AgentID, &h.EvidenceMs,
		&h.Live.OS, &h.Live.OSVersion, &h.Live.AgentVersion, &h.Live.Connected, &h.Live.LastSeenMs, &h.Live.Asserted,
		&h.Live.Quarantined, &dropped, &h.Live.ReportedMs)
	h.Live.Dropped = uint64(dropped)
	return h, err
}

// Hosts lists hosts of a site after a host id.
func (s *Store) Hosts(ctx context.Context, site SiteID, after string, limit int) ([]HostView, error) {
	return list(ctx, s.reader, scanHostView, hostViews, site, after, "", limit)
}

// Host reads one host of a site or ErrNotFound.
func (s *Store) Host(ctx context.Context, site SiteID, hostID string) (HostView, error) {
	h, err := scanHostView(s.reader.QueryRowContext(ctx, hostViews, site, "", hostID, 1))
	return h, notFound(err)
}

// CountHosts counts the hosts of a site that evidence or a check-in names.
func (s *Store) CountHosts(ctx context.Context, site SiteID) (n uint32, err error) {
	return n, s.reader.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT host_id FROM host WHERE site_id = ?1
		UNION SELECT host_id FROM host_live WHERE site_id = ?1)`, site).Scan(&n)
}
