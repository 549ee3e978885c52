package store

import (
	"context"
	"strings"
)

// Target is a host that is scanned without an agent.
type Target struct {
	SiteID      SiteID
	Name        string
	Kind        int32 // central.v1.TargetKind
	ApplianceID ApplianceID
	Credential  string
	ScanWith    string // a domain's: the credential for its computers
	Body        []byte // central.v1.Target
}

const targetColumns = "site_id, name, kind, appliance_id, credential, scan_with, body"

func scanTarget(row scanner) (t Target, err error) {
	return t, row.Scan(&t.SiteID, &t.Name, &t.Kind, &t.ApplianceID, &t.Credential, &t.ScanWith, &t.Body)
}

// AddTarget keeps a target. ErrConflict means that there is one of that name,
// unless it may be replaced.
func (s *Store) AddTarget(ctx context.Context, t Target, replace bool) error {
	verb := "INSERT"
	if replace {
		verb = "INSERT OR REPLACE"
	}
	err := s.exec(ctx, verb+" INTO target ("+targetColumns+") VALUES (?, ?, ?, ?, ?, ?, ?)",
		t.SiteID, t.Name, t.Kind, t.ApplianceID, t.Credential, t.ScanWith, t.Body)
	if err != nil && strings.Contains(err.Error(), "UNIQUE") {
		return ErrConflict
	}
	return err
}

// Targets lists a site's targets by name.
func (s *Store) Targets(ctx context.Context, site SiteID) ([]Target, error) {
	return list(ctx, s.reader, scanTarget, "SELECT "+targetColumns+" FROM target WHERE site_id = ? ORDER BY name", site)
}

// RemoveTarget forgets a target, or ErrNotFound.
func (s *Store) RemoveTarget(ctx context.Context, site SiteID, name string) error {
	got, err := s.writer.ExecContext(ctx, "DELETE FROM target WHERE site_id = ? AND name = ?", site, name)
	if err != nil {
		return err
	}
	if n, err := got.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return ErrNotFound
}
