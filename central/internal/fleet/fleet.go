// Package fleet is what people see: clients, sites, hosts with their checks,
// incidents and evidence, as the messages of central.v1, for the API and the
// dashboard alike. Lists are key-set pages with opaque tokens; a page has 100
// rows unless asked, at most 1000. Unknown stays unknown: a host without a
// verdict has no data, a verdict older than a day is unknown, and whether a host
// is connected is known only while its appliance checks in.
//
// ErrPage means a token that is not ours; store.ErrNotFound what there is not.
package fleet

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/osiriscare/osiris/central/internal/archive"
	"github.com/osiriscare/osiris/central/internal/keyring"
	"github.com/osiriscare/osiris/central/internal/publish"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Liveness (domain.md §16).
const (
	onlineFor = 5 * time.Minute
	staleFor  = time.Hour
)

// Page sizes.
const (
	defaultPage = 100
	maxPage     = 1000
)

// ErrPage means a page token or size that is not valid.
var ErrPage = errors.New("the page token is not valid; start again without one")

// Store is what fleet reads.
type Store interface {
	ClientStore
	SiteStore
	HostStore
	AgentStore
	EvidenceStore
	DirectoryStore
}

// Fleet reads.
type Fleet struct {
	store   Store
	archive *archive.Archive
	publish *publish.Publisher
	root    string // fingerprint of the Central root
}

// New makes the reader.
func New(keys *keyring.Keyring, s *store.Store, a *archive.Archive, p *publish.Publisher) *Fleet {
	return &Fleet{store: s, archive: a, publish: p, root: keys.Root.String()}
}

// Root is the fingerprint that evidence is verified with.
func (f *Fleet) Root() string { return f.root }

// Page asks for a part of a list.
type Page struct {
	Token string
	Size  uint32
}

func (p Page) limit() int {
	if p.Size == 0 {
		return defaultPage
	}
	return int(min(p.Size, maxPage))
}

// after reads the key of the last row of the page before.
func (p Page) after(key any) error {
	if p.Token == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.Token)
	if err != nil || len(raw) > 1024 || json.Unmarshal(raw, key) != nil {
		return ErrPage
	}
	return nil
}

// next is the token after a row.
func next(key any) string {
	raw, err := json.Marshal(key)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// EvidenceStore reads evidence.
type EvidenceStore interface {
	EvidenceList(ctx context.Context, f store.EvidenceFilter, limit int) ([]store.Evidence, error)
	Evidence(ctx context.Context, site store.SiteID, bundleID, origin string, position uint64) (store.Evidence, error)
	EntryByID(ctx context.Context, site store.SiteID, id int64) (store.Entry, error)
	Entries(ctx context.Context, site store.SiteID, origin string, from uint64, limit int) ([]store.Entry, error)
	Witnessed(ctx context.Context, origin string) (store.Witnessed, error)
	Nodes(ctx context.Context, origin string, indexes []int64) ([]tlog.Hash, error)
}
