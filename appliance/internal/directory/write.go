package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/osiriscare/osiris/appliance/internal/discover"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
)

// chunk is how many computers one write takes: everybody shares the writer.
const chunk = 1000

// Drafts adds evidence to a transaction; outbox.Add does.
type Drafts func(ctx context.Context, tx *store.Tx, b *bundle.Bundle) error

// apply writes a change of a domain's computers down and then makes it count. What
// was written before a crash is written again with the next listing, because the
// mark comes last.
func (b *Book) apply(ctx context.Context, s *Standing, c *change, drafts Drafts, proof *bundle.Bundle) error {
	for part := range slices.Chunk(c.put, chunk) {
		if err := b.store.Write(ctx, func(tx *store.Tx) error { return putComputers(ctx, tx, part) }); err != nil {
			return fmt.Errorf("keeping computers: %w", err)
		}
	}
	err := b.store.Write(ctx, func(tx *store.Tx) error {
		var here int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM directory_domain WHERE target_id = ?", s.Target).Scan(&here); err != nil {
			return err
		}
		if here == 0 { // withdrawn meanwhile
			_, err := tx.ExecContext(ctx, "DELETE FROM directory_computer WHERE target_id = ?", s.Target)
			return err
		}
		if err := putOthers(ctx, tx, s.Target, c); err != nil {
			return err
		}
		for _, guid := range c.remove {
			if _, err := tx.ExecContext(ctx, "DELETE FROM directory_computer WHERE target_id = ? AND guid = ?", s.Target, string(guid)); err != nil {
				return err
			}
		}
		if err := putStanding(ctx, tx, s); err != nil || proof == nil {
			return err
		}
		return drafts(ctx, tx, proof)
	})
	if err != nil {
		return fmt.Errorf("keeping the listing: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	d := b.domains[s.Target]
	if d == nil {
		return nil
	}
	d.Standing = *s
	for guid, name := range c.others {
		d.others[guid] = name
	}
	for _, guid := range c.drop {
		delete(d.others, guid)
	}
	if len(c.put)+len(c.remove) == 0 {
		return nil
	}
	// The rows of a map are not changed under those who read them.
	next := make(map[discover.GUID]Computer, len(d.computers)+len(c.fresh))
	for guid, have := range d.computers {
		next[guid] = have
	}
	for _, have := range c.put {
		next[have.GUID] = have
	}
	for _, guid := range c.remove {
		delete(next, guid)
	}
	d.computers = next
	return nil
}

func putStanding(ctx context.Context, tx *store.Tx, s *Standing) error {
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO directory_domain (target_id, body) VALUES (?, ?)", s.Target, string(body))
	return err
}

func putComputers(ctx context.Context, tx *store.Tx, part []Computer) error {
	for i := range part {
		c := &part[i]
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO directory_computer ("+columns+") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
			c.Target, string(c.GUID), string(c.SID), c.Name, c.Account, c.DNSName, c.OS, c.OSVersion, string(c.Kind), c.Stale,
			msOf(c.LastLogon), msOf(c.FirstSeen), string(c.Gone), msOf(c.GoneAt))
		if err != nil {
			return fmt.Errorf("keeping %s: %w", c.GUID, err)
		}
	}
	return nil
}
