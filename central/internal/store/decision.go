package store

import (
	"context"
	"strings"
)

// Decision is what a person decided about an agent that is held.
type Decision struct {
	SiteID  SiteID
	Version uint64
	AgentID string
	Verb    int32 // trust.v1.AgentVerb
	Person  string
	Reason  string
	MadeMs  int64
}

const decisionColumns = "site_id, version, agent_id, verb, person, reason, made_ms"

func scanDecision(row scanner) (d Decision, err error) {
	return d, row.Scan(&d.SiteID, &d.Version, &d.AgentID, &d.Verb, &d.Person, &d.Reason, &d.MadeMs)
}

// AddDecision keeps a decision. ErrConflict means that the version is taken.
func (s *Store) AddDecision(ctx context.Context, d Decision) error {
	err := s.exec(ctx, "INSERT INTO agent_decision ("+decisionColumns+") VALUES (?, ?, ?, ?, ?, ?, ?)",
		d.SiteID, d.Version, d.AgentID, d.Verb, d.Person, d.Reason, d.MadeMs)
	if err != nil && strings.Contains(err.Error(), "UNIQUE") {
		return ErrConflict
	}
	return err
}

// Decisions lists a site's decisions after a version, oldest first.
func (s *Store) Decisions(ctx context.Context, site SiteID, after uint64, limit int) ([]Decision, error) {
	return list(ctx, s.reader, scanDecision, "SELECT "+decisionColumns+
		" FROM agent_decision WHERE site_id = ? AND version > ? ORDER BY version LIMIT ?", site, int64(after), limit)
}

// NewestDecision is the version of a site's newest decision; 0 without one.
func (s *Store) NewestDecision(ctx context.Context, site SiteID) (version uint64, err error) {
	return version, s.reader.QueryRowContext(ctx,
		"SELECT coalesce(max(version), 0) FROM agent_decision WHERE site_id = ?", site).Scan(&version)
}
