package store

import "context"

// Client is a practice.
type Client struct {
	ID        ClientID
	Name      string
	CreatedMs int64
	Sites     uint32 // counted when read
}

// AddClient inserts a client.
func (s *Store) AddClient(ctx context.Context, c Client) error {
	return s.exec(ctx, "INSERT INTO client (client_id, name, created_ms) VALUES (?, ?, ?)", c.ID, c.Name, c.CreatedMs)
}

const clientColumns = "client_id, name, created_ms, (SELECT count(*) FROM site WHERE site.client_id = client.client_id)"

func scanClient(row scanner) (c Client, err error) {
	return c, row.Scan(&c.ID, &c.Name, &c.CreatedMs, &c.Sites)
}

// Client reads one client or ErrNotFound.
func (s *Store) Client(ctx context.Context, id ClientID) (Client, error) {
	c, err := scanClient(s.reader.QueryRowContext(ctx, "SELECT "+clientColumns+" FROM client WHERE client_id = ?", id))
	return c, notFound(err)
}

// Clients lists clients after a key, in the order of names; the key is a name
// and an id, both empty for the first page.
func (s *Store) Clients(ctx context.Context, afterName string, after ClientID, limit int) ([]Client, error) {
	return list(ctx, s.reader, scanClient,
		"SELECT "+clientColumns+" FROM client WHERE (name, client_id) > (?, ?) ORDER BY name, client_id LIMIT ?",
		afterName, after, limit)
}
