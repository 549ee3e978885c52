package directory

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/discover"
	"github.com/osiriscare/osiris/appliance/internal/store"
)

//go:embed schema.sql
var schema string

//go:embed other.sql
var other string

// Schema are this package's tables.
var Schema = store.Schema{Owner: "directory", Steps: []string{schema, other}}

// maxComputers bounds what is kept of all domains together: some 10 MB.
const maxComputers = 20_000

// Book has the domains and their computers, in memory and in state.db. It works
// beside a running appliance, as a copy of that moment.
type Book struct {
	store *store.Store

	mu      sync.RWMutex
	domains map[string]*domain // by target
}

// domain is what is known of one.
type domain struct {
	Standing
	computers map[discover.GUID]Computer
	// others are the DNS names of accounts that are not looked after: disabled,
	// excluded, no Windows.
	others map[discover.GUID]string
}

// NewBook reads what is held.
func NewBook(ctx context.Context, st *store.Store) (*Book, error) {
	b := &Book{store: st, domains: map[string]*domain{}}
	if err := b.readDomains(ctx); err != nil {
		return nil, fmt.Errorf("reading domains: %w", err)
	}
	if err := b.readComputers(ctx); err != nil {
		return nil, fmt.Errorf("reading computers of domains: %w", err)
	}
	if err := b.readOthers(ctx); err != nil {
		return nil, fmt.Errorf("reading names of domains: %w", err)
	}
	return b, nil
}

func (b *Book) readDomains(ctx context.Context) error {
	rows, err := b.store.Reader().QueryContext(ctx, "SELECT body FROM directory_domain")
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	for rows.Next() {
		var body []byte
		d := &domain{computers: map[discover.GUID]Computer{}, others: map[discover.GUID]string{}}
		if err := rows.Scan(&body); err != nil {
			return err
		}
		if err := json.Unmarshal(body, &d.Standing); err != nil {
			return err
		}
		b.domains[d.Target] = d
	}
	return rows.Err()
}

const columns = "target_id, guid, sid, name, account, dns_name, os, os_version, kind, stale, last_logon_ms, first_seen_ms, gone, gone_ms"

func (b *Book) readComputers(ctx context.Context) error {
	rows, err := b.store.Reader().QueryContext(ctx, "SELECT "+columns+" FROM directory_computer")
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	for rows.Next() {
		var c Computer
		var logon, first, gone int64
		if err := rows.Scan(&c.Target, &c.GUID, &c.SID, &c.Name, &c.Account, &c.DNSName, &c.OS, &c.OSVersion, &c.Kind, &c.Stale,
			&logon, &first, &c.Gone, &gone); err != nil {
			return err
		}
		c.LastLogon, c.FirstSeen, c.GoneAt = timeOf(logon), timeOf(first), timeOf(gone)
		if d := b.domains[c.Target]; d != nil {
			d.computers[c.GUID] = c
		}
	}
	return rows.Err()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func msOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Domains are the standings by name.
func (b *Book) Domains() []Standing {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := make([]Standing, 0, len(b.domains))
	for _, d := range b.domains {
		out = append(out, d.Standing)
	}
	slices.SortFunc(out, func(x, y Standing) int { return strings.Compare(x.Name+"\x00"+x.Target, y.Name+"\x00"+y.Target) })
	return out
}

// standing is that of one domain.
func (b *Book) standing(target string) Standing {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if d := b.domains[target]; d != nil {
		return d.Standing
	}
	return Standing{Target: target}
}

// Computers are all, also who is stale or gone, by domain and objectGUID.
func (b *Book) Computers() []Computer {
	b.mu.RLock()
	var out []Computer
	for c := range b.each() {
		out = append(out, *c)
	}
	b.mu.RUnlock()
	slices.SortFunc(out, func(x, y Computer) int { return strings.Compare(x.Target+string(x.GUID), y.Target+string(y.GUID)) })
	return out
}

// each goes through all; the caller has the lock.
func (b *Book) each() iter.Seq[*Computer] {
	return func(yield func(*Computer) bool) {
		for _, d := range b.domains {
			for _, c := range d.computers {
				if !yield(&c) {
					return
				}
			}
		}
	}
}

// Scannable are a domain's computers that can be asked something: there, not
// stale, in one domain, and alone with a name inside of it. There are none until the
// domain was listed as it is to be now: what it excludes since is left alone.
func (b *Book) Scannable(d *Domain) []Computer {
	b.mu.RLock()
	defer b.mu.RUnlock()
	held := b.domains[d.ID]
	if held == nil || held.Scope != d.scope() {
		return nil
	}
	out, _ := held.scannable(b.claims())
	slices.SortFunc(out, func(x, y Computer) int { return strings.Compare(string(x.GUID), string(y.GUID)) })
	return out
}

// ambiguous counts a domain's computers that only their names keep out.
func (b *Book) ambiguous(target string) (n int) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if d := b.domains[target]; d != nil {
		_, n = d.scannable(b.claims())
	}
	return n
}

// adopt begins with new domains and forgets those that were withdrawn.
func (b *Book) adopt(ctx context.Context, list []Domain) error {
	listed := map[string]bool{}
	var fresh []*domain
	b.mu.RLock()
	for i := range list {
		listed[list[i].ID] = true
		if b.domains[list[i].ID] == nil {
			fresh = append(fresh, &domain{
				Standing:  Standing{Target: list[i].ID, Name: list[i].Name, Domain: fold(list[i].Domain)},
				computers: map[discover.GUID]Computer{}, others: map[discover.GUID]string{},
			})
		}
	}
	var gone []string
	for id := range b.domains {
		if !listed[id] {
			gone = append(gone, id)
		}
	}
	b.mu.RUnlock()
	if len(fresh)+len(gone) == 0 {
		return nil
	}
	err := b.store.Write(ctx, func(tx *store.Tx) error {
		for _, d := range fresh {
			if err := putStanding(ctx, tx, &d.Standing); err != nil {
				return err
			}
		}
		for _, id := range gone {
			for _, table := range []string{"directory_domain", "directory_computer", "directory_other"} {
				if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE target_id = ?", id); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping domains: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range fresh {
		b.domains[d.Target] = d
	}
	for _, id := range gone {
		delete(b.domains, id)
	}
	return nil
}

// fold is a DNS name as it is compared.
func fold(domain string) string { return strings.ToLower(strings.TrimSuffix(domain, ".")) }
