package store

import "context"

// Site is a place of a client with its own root of trust.
type Site struct {
	ID          SiteID
	ClientID    ClientID
	Name        string
	Ceiling     int32 // trust.v1.Tier
	CreatedMs   int64
	RootDER     []byte // certificate
	RootWrapped []byte // key, encrypted
}

// AddSite inserts a site.
func (s *Store) AddSite(ctx context.Context, v Site) error {
	return s.exec(ctx, `INSERT INTO site (site_id, client_id, name, ceiling, created_ms, root_der, root_wrapped)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, v.ID, v.ClientID, v.Name, v.Ceiling, v.CreatedMs, v.RootDER, v.RootWrapped)
}

const siteColumns = "site_id, client_id, name, ceiling, created_ms, root_der, root_wrapped"

func scanSite(row scanner) (v Site, err error) {
	return v, row.Scan(&v.ID, &v.ClientID, &v.Name, &v.Ceiling, &v.CreatedMs, &v.RootDER, &v.RootWrapped)
}

// Site reads one site or ErrNotFound.
func (s *Store) Site(ctx context.Context, id SiteID) (Site, error) {
	v, err := scanSite(s.reader.QueryRowContext(ctx, "SELECT "+siteColumns+" FROM site WHERE site_id = ?", id))
	return v, notFound(err)
}

// Sites lists sites after a key in the order of ids; an empty client means all.
func (s *Store) Sites(ctx context.Context, client ClientID, after SiteID, limit int) ([]Site, error) {
	return list(ctx, s.reader, scanSite, "SELECT "+siteColumns+
		" FROM site WHERE (? = '' OR client_id = ?) AND site_id > ? ORDER BY site_id LIMIT ?", client, client, after, limit)
}
