package fleet

import (
	"context"
	"fmt"
	"time"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"

	"github.com/osiriscare/osiris/central/internal/score"
	"github.com/osiriscare/osiris/central/internal/store"
)

// ClientStore reads clients.
type ClientStore interface {
	Client(ctx context.Context, id store.ClientID) (store.Client, error)
	Clients(ctx context.Context, afterName string, after store.ClientID, limit int) ([]store.Client, error)
	CountByClient(ctx context.Context, client store.ClientID, freshSince int64) ([]store.Count, error)
}

type clientKey struct {
	Name string
	ID   store.ClientID
}

// Clients lists clients by name.
func (f *Fleet) Clients(ctx context.Context, p Page) ([]*centralv1.Client, string, error) {
	var key clientKey
	if err := p.after(&key); err != nil {
		return nil, "", err
	}
	rows, err := f.store.Clients(ctx, key.Name, key.ID, p.limit()+1)
	if err != nil {
		return nil, "", fmt.Errorf("listing clients: %w", err)
	}
	token := ""
	if len(rows) > p.limit() {
		rows = rows[:p.limit()]
		last := rows[len(rows)-1]
		token = next(clientKey{last.Name, last.ID})
	}
	clients := make([]*centralv1.Client, len(rows))
	for n, row := range rows {
		if clients[n], err = f.client(ctx, row); err != nil {
			return nil, "", err
		}
	}
	return clients, token, nil
}

// Client reads one client.
func (f *Fleet) Client(ctx context.Context, id store.ClientID) (*centralv1.Client, error) {
	row, err := f.store.Client(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("reading client %s: %w", id, err)
	}
	return f.client(ctx, row)
}

func (f *Fleet) client(ctx context.Context, row store.Client) (*centralv1.Client, error) {
	counts, err := f.store.CountByClient(ctx, row.ID, score.Since(time.Now()))
	if err != nil {
		return nil, fmt.Errorf("counting verdicts of client %s: %w", row.ID, err)
	}
	return &centralv1.Client{ClientId: string(row.ID), Name: row.Name, Sites: row.Sites, Score: scoreMessage(score.Of(counts))}, nil
}

func scoreMessage(s score.Score) *centralv1.Score {
	return &centralv1.Score{Pass: s.Pass, Fail: s.Fail, Unknown: s.Unknown, NotApplicable: s.NotApplicable, Percent: s.Percent}
}
