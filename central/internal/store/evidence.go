package store

import "context"

// Evidence is one bundle as lists show it.
type Evidence struct {
	SiteID     SiteID
	BundleID   string
	EntryID    int64
	BundleHash []byte
	HostID     string
	CheckID    string
	IncidentID string
	Kind       string
	Outcome    string
	MadeMs     int64
	AgentID    string
	QueueID    string // hexadecimal
	Seq        uint64
	Summary    string
	Duplicate  bool // its id, or its agent's record, was held already with other content
	// Read from the log.
	Origin    string
	Position  uint64
	Witnessed bool
}

// EvidenceFilter narrows a list; empty fields match all.
type EvidenceFilter struct {
	Site       SiteID
	HostID     string
	IncidentID string
	CheckID    string
	Before     int64 // entry id, for the next page; 0 starts with the newest
	After      int64 // entry id, for what is new since
}

const evidenceColumns = `e.site_id, e.bundle_id, e.entry_id, e.bundle_hash, e.host_id, e.check_id, e.incident_id, e.kind,
	e.outcome, e.made_ms, e.agent_id, e.queue_id, e.seq, e.summary, e.duplicate <> 0, l.origin, l.position,
	coalesce(l.position < (SELECT size FROM witness w WHERE w.origin = l.origin), 0)`

func scanEvidence(row scanner) (e Evidence, err error) {
	var seq int64
	err = row.Scan(&e.SiteID, &e.BundleID, &e.EntryID, &e.BundleHash, &e.HostID, &e.CheckID, &e.IncidentID, &e.Kind,
		&e.Outcome, &e.MadeMs, &e.AgentID, &e.QueueID, &seq, &e.Summary, &e.Duplicate, &e.Origin, &e.Position, &e.Witnessed)
	e.Seq = uint64(seq)
	return e, err
}

// EvidenceList lists bundles of a site, newest first.
func (s *Store) EvidenceList(ctx context.Context, f EvidenceFilter, limit int) ([]Evidence, error) {
	query := "SELECT " + evidenceColumns + " FROM evidence e JOIN log_entry l ON l.entry_id = e.entry_id WHERE e.site_id = ?"
	args := []any{f.Site}
	for _, c := range []struct{ column, value string }{
		{"host_id", f.HostID}, {"incident_id", f.IncidentID}, {"check_id", f.CheckID},
	} {
		if c.value != "" {
			query += " AND e." + c.column + " = ?"
			args = append(args, c.value)
		}
	}
	if f.Before > 0 {
		query += " AND e.entry_id < ?"
		args = append(args, f.Before)
	}
	if f.After > 0 {
		query += " AND e.entry_id > ?"
		args = append(args, f.After)
	}
	return list(ctx, s.reader, scanEvidence, query+" ORDER BY e.entry_id DESC LIMIT ?", append(args, limit)...)
}

// Evidence reads one bundle's row or ErrNotFound: the one at a position of a log
// or, with an empty origin, the first that came.
func (s *Store) Evidence(ctx context.Context, site SiteID, bundleID, origin string, position uint64) (Evidence, error) {
	e, err := scanEvidence(s.reader.QueryRowContext(ctx, "SELECT "+evidenceColumns+
		` FROM evidence e JOIN log_entry l ON l.entry_id = e.entry_id
		WHERE e.site_id = ?1 AND e.bundle_id = ?2 AND (?3 = '' OR l.origin = ?3 AND l.position = ?4)
		ORDER BY e.entry_id LIMIT 1`, site, bundleID, origin, int64(position)))
	return e, notFound(err)
}
