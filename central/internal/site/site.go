// Package site is a practice's place: its root of trust, the provisioning codes
// that let an appliance in, the claim, check-ins and new log epochs (DESIGN D10,
// D12, D31). A site root's key is stored wrapped and never leaves Central but by
// an export of the operator. Codes are 16 upper-case hexadecimal digits, kept as
// SHA-256, single use, 30 days. Times are Unix milliseconds.
//
// Errors that a caller outside may see are the sentinels below; everything else
// is ours.
package site

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"

	"github.com/osiriscare/osiris/central/internal/ca"
	"github.com/osiriscare/osiris/central/internal/keyring"
	"github.com/osiriscare/osiris/central/internal/publish"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Errors that callers tell apart.
var (
	ErrName        = errors.New("a name has 1 to 200 characters and no control characters")
	ErrTier        = errors.New("the tier does not exist")
	ErrCode        = errors.New("the provisioning code is not known")
	ErrCodeUsed    = errors.New("the provisioning code was already used with other keys; make a new one")
	ErrCodeExpired = errors.New("the provisioning code has expired; make a new one")
	ErrKeysTaken   = errors.New("these keys belong to an appliance that is already claimed")
	ErrClaim       = errors.New("the claim is not valid")
	ErrRetired     = errors.New("the appliance is retired")
	ErrEpoch       = errors.New("a new epoch is not due")
)

// Store is what site reads and writes.
type Store interface {
	RowStore
	CodeStore
	ApplianceStore
	RootStore
}

// RowStore keeps sites.
type RowStore interface {
	Client(ctx context.Context, id store.ClientID) (store.Client, error)
	AddSite(ctx context.Context, v store.Site) error
	Site(ctx context.Context, id store.SiteID) (store.Site, error)
}

// Config is where appliances find Central.
type Config struct {
	PublicURL     string        // what goes into provisioning strings
	CheckInterval time.Duration // between two check-ins
}

// Service is the sites of this Central.
type Service struct {
	cfg     Config
	keys    *keyring.Keyring
	store   Store
	publish *publish.Publisher
}

// New makes the service.
func New(cfg Config, keys *keyring.Keyring, s *store.Store, p *publish.Publisher) *Service {
	return &Service{cfg: cfg, keys: keys, store: s, publish: p}
}

// Create makes a site with its root of trust, its first policy and its first
// trust document.
func (s *Service) Create(ctx context.Context, client store.ClientID, name string, ceiling trustv1.Tier) (store.Site, error) {
	name = strings.TrimSpace(name)
	if !ValidName(name) {
		return store.Site{}, ErrName
	}
	if _, known := trustv1.Tier_name[int32(ceiling)]; !known {
		return store.Site{}, ErrTier
	}
	if _, err := s.store.Client(ctx, client); err != nil {
		return store.Site{}, fmt.Errorf("reading client %s: %w", client, err)
	}
	id := store.NewSiteID()
	root, wrapped, err := s.newRoot(id)
	if err != nil {
		return store.Site{}, err
	}
	row := store.Site{
		ID: id, ClientID: client, Name: name, Ceiling: int32(ceiling), CreatedMs: time.Now().UnixMilli(),
		RootDER: root.Certificate.Raw, RootWrapped: wrapped,
	}
	if err := s.store.AddSite(ctx, row); err != nil {
		return store.Site{}, fmt.Errorf("keeping site %s: %w", id, err)
	}
	if _, _, err := s.publish.Policy(ctx, id); err != nil {
		return store.Site{}, err
	}
	_, _, err = s.publish.Trust(ctx, id)
	return row, err
}

// ValidName reports whether a person's name for something can be shown.
func ValidName(name string) bool {
	return name != "" && utf8.ValidString(name) && utf8.RuneCountInString(name) <= 200 &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError })
}

// root loads a site's authority.
func (s *Service) root(row store.Site) (*ca.Authority, error) {
	key, err := s.keys.Unwrap(string(row.ID), row.RootWrapped)
	if err != nil {
		return nil, err
	}
	return ca.Load(row.RootDER, key)
}
