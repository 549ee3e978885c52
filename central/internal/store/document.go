package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// Document is a signed, versioned document of a site.
type Document struct {
	SiteID    SiteID
	Version   uint64
	IssuedMs  int64
	ExpiresMs int64
	Bytes     []byte // TrustChain or policy envelope
}

// AddTrust publishes a trust chain. ErrConflict means that the version is
// taken: read again and sign a higher one.
func (s *Store) AddTrust(ctx context.Context, d Document) error {
	return s.addDocument(ctx, "INSERT INTO trust_doc (site_id, version, issued_ms, expires_ms, chain) VALUES (?, ?, ?, ?, ?)", d)
}

// AddPolicy publishes a policy, as AddTrust does.
func (s *Store) AddPolicy(ctx context.Context, d Document) error {
	return s.addDocument(ctx, "INSERT INTO policy (site_id, version, issued_ms, expires_ms, envelope) VALUES (?, ?, ?, ?, ?)", d)
}

func (s *Store) addDocument(ctx context.Context, query string, d Document) error {
	err := s.exec(ctx, query, d.SiteID, d.Version, d.IssuedMs, d.ExpiresMs, d.Bytes)
	if err != nil && strings.Contains(err.Error(), "UNIQUE") {
		return ErrConflict
	}
	return err
}

// Trust reads the newest trust chain; the zero value when there is none.
func (s *Store) Trust(ctx context.Context, site SiteID) (Document, error) {
	return s.document(ctx, "SELECT version, issued_ms, expires_ms, chain FROM trust_doc WHERE site_id = ? ORDER BY version DESC LIMIT 1", site)
}

// Policy reads the newest policy; the zero value when there is none.
func (s *Store) Policy(ctx context.Context, site SiteID) (Document, error) {
	return s.document(ctx, "SELECT version, issued_ms, expires_ms, envelope FROM policy WHERE site_id = ? ORDER BY version DESC LIMIT 1", site)
}

func (s *Store) document(ctx context.Context, query string, site SiteID) (Document, error) {
	d := Document{SiteID: site}
	err := s.reader.QueryRowContext(ctx, query, site).Scan(&d.Version, &d.IssuedMs, &d.ExpiresMs, &d.Bytes)
	if errors.Is(err, sql.ErrNoRows) {
		return d, nil
	}
	return d, err
}

// RevokeAgent keeps a revocation; the first reason stays.
func (s *Store) RevokeAgent(ctx context.Context, site SiteID, agentID, reason string, atMs int64) error {
	return s.exec(ctx, "INSERT INTO revoked_agent (site_id, agent_id, reason, revoked_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
		site, agentID, reason, atMs)
}

// RevokedAgents lists the revoked agents of a site.
func (s *Store) RevokedAgents(ctx context.Context, site SiteID) ([]string, error) {
	return list(ctx, s.reader, func(row scanner) (id string, err error) { return id, row.Scan(&id) },
		"SELECT agent_id FROM revoked_agent WHERE site_id = ? ORDER BY agent_id", site)
}

// AgentKnown reports whether evidence or a check-in of a site names an agent.
func (s *Store) AgentKnown(ctx context.Context, site SiteID, agentID string) (known bool, err error) {
	return known, s.reader.QueryRowContext(ctx, `SELECT ?2 <> '' AND (
		EXISTS (SELECT 1 FROM host_live WHERE site_id = ?1 AND agent_id = ?2) OR
		EXISTS (SELECT 1 FROM host WHERE site_id = ?1 AND agent_id = ?2))`, site, agentID).Scan(&known)
}
