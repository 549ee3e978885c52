// Package tenant is the practices (clients) that this Central serves. A client
// owns sites; every row of a practice carries its site.
package tenant

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/osiriscare/osiris/central/internal/site"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Store keeps clients.
type Store interface {
	AddClient(ctx context.Context, c store.Client) error
}

// Service is the clients of this Central.
type Service struct{ store Store }

// New makes the service.
func New(s *store.Store) *Service { return &Service{store: s} }

// Create makes a client. A name that cannot be shown is site.ErrName.
func (s *Service) Create(ctx context.Context, name string) (store.Client, error) {
	name = strings.TrimSpace(name)
	if !site.ValidName(name) {
		return store.Client{}, site.ErrName
	}
	c := store.Client{ID: store.NewClientID(), Name: name, CreatedMs: time.Now().UnixMilli()}
	if err := s.store.AddClient(ctx, c); err != nil {
		return store.Client{}, fmt.Errorf("keeping client %s: %w", c.ID, err)
	}
	return c, nil
}
