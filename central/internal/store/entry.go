package store

import "context"

// Entry is one verified log entry; its bytes are in the archive.
type Entry struct {
	ID            int64 // order of arrival, given by the store
	Origin        string
	Position      uint64
	SiteID        SiteID
	BundleID      string
	BundleHash    []byte
	SignatureHash []byte
	Batch         string // archive file
	TakenMs       int64
}

const entryColumns = "entry_id, origin, position, site_id, bundle_id, bundle_hash, signature_hash, batch, taken_ms"

func scanEntry(row scanner) (e Entry, err error) {
	return e, row.Scan(&e.ID, &e.Origin, &e.Position, &e.SiteID, &e.BundleID, &e.BundleHash, &e.SignatureHash,
		&e.Batch, &e.TakenMs)
}

// Entries lists entries of an origin from a position.
func (s *Store) Entries(ctx context.Context, site SiteID, origin string, from uint64, limit int) ([]Entry, error) {
	return list(ctx, s.reader, scanEntry, "SELECT "+entryColumns+
		" FROM log_entry WHERE site_id = ? AND origin = ? AND position >= ? ORDER BY position LIMIT ?",
		site, origin, from, limit)
}

// EntriesByArrival lists entries of every site after an entry id, for rebuild.
func (s *Store) EntriesByArrival(ctx context.Context, after int64, limit int) ([]Entry, error) {
	return list(ctx, s.reader, scanEntry, "SELECT "+entryColumns+
		" FROM log_entry WHERE entry_id > ? ORDER BY entry_id LIMIT ?", after, limit)
}

// EntriesToProject lists those of EntriesByArrival whose bundles came first.
func (s *Store) EntriesToProject(ctx context.Context, after int64, limit int) ([]Entry, error) {
	return list(ctx, s.reader, scanEntry, "SELECT "+entryColumns+` FROM log_entry
		WHERE entry_id IN (SELECT entry_id FROM evidence WHERE entry_id > ?1 AND duplicate = 0 ORDER BY entry_id LIMIT ?2)
		ORDER BY entry_id`, after, limit)
}

// EntryByID reads an entry of a site or ErrNotFound.
func (s *Store) EntryByID(ctx context.Context, site SiteID, id int64) (Entry, error) {
	e, err := scanEntry(s.reader.QueryRowContext(ctx, "SELECT "+entryColumns+
		" FROM log_entry WHERE entry_id = ? AND site_id = ?", id, site))
	return e, notFound(err)
}
