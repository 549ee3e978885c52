// Package publish signs what a site's appliances and agents believe: the
// TrustDoc (live roots, appliance keys, witnesses, revocations), the Policy and
// decisions about agents that are held (DESIGN D12 to D14). Versions are max(previous + 1, Unix seconds), so that they
// grow even if Central's clock steps back or its database is an older copy. A
// document is signed again at half its life, or when what it says has changed:
// asking for the newest is all that callers do. Times are Unix milliseconds.
package publish

import (
	"context"
	"errors"
	"time"

	"github.com/osiriscare/osiris/central/internal/keyring"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Lifetimes: long enough for an office that is closed for its holidays.
const (
	trustLifetime  = 90 * 24 * time.Hour
	policyLifetime = 30 * 24 * time.Hour
)

// attempts bounds how often a version is taken by somebody else.
const attempts = 10

// ErrCeiling means a tier above what the practice consented to.
var ErrCeiling = errors.New("the tier is above what the site consented to")

// Store is what publish reads and writes.
type Store interface {
	TrustStore
	PolicyStore
	DecisionStore
	Site(ctx context.Context, id store.SiteID) (store.Site, error)
}

// Publisher signs documents.
type Publisher struct {
	keys  *keyring.Keyring
	store Store
}

// New makes a publisher.
func New(keys *keyring.Keyring, s *store.Store) *Publisher { return &Publisher{keys: keys, store: s} }

// nextVersion is max(previous + 1, Unix seconds).
func nextVersion(previous uint64, now time.Time) uint64 {
	return max(previous+1, uint64(max(now.Unix(), 0)))
}

// due reports whether a document is missing or half of its life is over.
func due(d store.Document, now time.Time) bool {
	return d.Version == 0 || now.UnixMilli() >= d.IssuedMs+(d.ExpiresMs-d.IssuedMs)/2
}
