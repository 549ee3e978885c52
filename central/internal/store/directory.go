package store

import (
	"context"
	"database/sql"
	"errors"
)

// Directory is what an appliance read in the domains of its site.
type Directory struct {
	SiteID      SiteID
	ApplianceID ApplianceID
	State       []byte // the appliance's word for it
	Body        []byte // central.v1.DirectoryReport
	TakenMs     int64
}

// DirectoryState is the state of the report that is held of an appliance; nil
// without one.
func (s *Store) DirectoryState(ctx context.Context, site SiteID, id ApplianceID) (state []byte, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT state FROM directory WHERE site_id = ? AND appliance_id = ?", site, id).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return state, err
}

// PutDirectory replaces an appliance's report.
func (s *Store) PutDirectory(ctx context.Context, d Directory) error {
	return s.exec(ctx, "INSERT OR REPLACE INTO directory (site_id, appliance_id, state, body, taken_ms) VALUES (?, ?, ?, ?, ?)",
		d.SiteID, d.ApplianceID, d.State, d.Body, d.TakenMs)
}

// RemoveDirectory forgets an appliance's report, if there is one.
func (s *Store) RemoveDirectory(ctx context.Context, site SiteID, id ApplianceID) error {
	return s.exec(ctx, "DELETE FROM directory WHERE site_id = ? AND appliance_id = ?", site, id)
}

// Directories are the reports of a site's live appliances, the newest first.
func (s *Store) Directories(ctx context.Context, site SiteID) ([]Directory, error) {
	return list(ctx, s.reader, scanDirectory, `SELECT d.site_id, d.appliance_id, d.state, d.body, d.taken_ms FROM directory d
		JOIN appliance a ON a.appliance_id = d.appliance_id WHERE d.site_id = ? AND a.retired = 0 ORDER BY d.taken_ms DESC, d.appliance_id`, site)
}

func scanDirectory(row scanner) (d Directory, err error) {
	return d, row.Scan(&d.SiteID, &d.ApplianceID, &d.State, &d.Body, &d.TakenMs)
}
