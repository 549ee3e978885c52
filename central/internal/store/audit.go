package store

import "context"

// Audit is one line of the audit log.
type Audit struct {
	ID      int64
	AtMs    int64
	Actor   string // token or session name, appliance id
	Action  string
	SiteID  SiteID
	Subject string
	Outcome string // ok or the error's words
}

// AddAudit appends a line.
func (s *Store) AddAudit(ctx context.Context, a Audit) error {
	return s.exec(ctx, "INSERT INTO audit (at_ms, actor, action, site_id, subject, outcome) VALUES (?, ?, ?, ?, ?, ?)",
		a.AtMs, a.Actor, a.Action, a.SiteID, a.Subject, a.Outcome)
}

// Audits lists lines, newest first, before an id (0 starts at the end).
func (s *Store) Audits(ctx context.Context, before int64, limit int) ([]Audit, error) {
	return list(ctx, s.reader, func(row scanner) (a Audit, err error) {
		return a, row.Scan(&a.ID, &a.AtMs, &a.Actor, &a.Action, &a.SiteID, &a.Subject, &a.Outcome)
	}, `SELECT audit_id, at_ms, actor, action, site_id, subject, outcome FROM audit
		WHERE ?1 = 0 OR audit_id < ?1 ORDER BY audit_id DESC LIMIT ?2`, before, limit)
}
