package directory

import (
	"context"

	"github.com/osiriscare/osiris/appliance/internal/discover"
	"github.com/osiriscare/osiris/appliance/internal/store"
)

// claims tell which names and identities more than one account says are its own.
// A computer writes its own name; whoever has a copy of a controller writes
// identities too.
type claims struct {
	names map[string]discover.GUID // whose, empty for several
	homes map[discover.GUID]string // in which DNS domain, empty for several
}

// claims goes through all domains; the caller has the lock.
func (b *Book) claims() claims {
	k := claims{names: map[string]discover.GUID{}, homes: map[discover.GUID]string{}}
	name := func(name string, guid discover.GUID) {
		if whose, taken := k.names[name]; taken && whose != guid {
			guid = ""
		}
		k.names[name] = guid
	}
	for _, d := range b.domains {
		for guid, c := range d.computers {
			if c.Gone != "" {
				continue
			}
			name(c.DNSName, guid)
			home := d.Domain
			if at, taken := k.homes[guid]; taken && at != home {
				home = ""
			}
			k.homes[guid] = home
		}
		for guid, called := range d.others {
			name(called, guid)
		}
	}
	return k
}

// sole reports whether nobody else says to be the computer.
func (k claims) sole(c *Computer) bool { return k.names[c.DNSName] == c.GUID && k.homes[c.GUID] != "" }

func (d *domain) scannable(k claims) (out []Computer, ambiguous int) {
	for _, c := range d.computers {
		switch {
		case c.Gone != "" || c.Stale:
		case !k.sole(&c) || !c.reachable(d.Domain):
			ambiguous++
		default:
			out = append(out, c)
		}
	}
	return out, ambiguous
}

func (b *Book) readOthers(ctx context.Context) error {
	rows, err := b.store.Reader().QueryContext(ctx, "SELECT target_id, guid, dns_name FROM directory_other")
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	for rows.Next() {
		var target, name string
		var guid discover.GUID
		if err := rows.Scan(&target, &guid, &name); err != nil {
			return err
		}
		if d := b.domains[target]; d != nil {
			d.others[guid] = name
		}
	}
	return rows.Err()
}

func putOthers(ctx context.Context, tx *store.Tx, target string, c *change) error {
	for _, guid := range c.drop {
		if _, err := tx.ExecContext(ctx, "DELETE FROM directory_other WHERE target_id = ? AND guid = ?", target, string(guid)); err != nil {
			return err
		}
	}
	for guid, name := range c.others {
		if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO directory_other (target_id, guid, dns_name) VALUES (?,?,?)", target, string(guid), name); err != nil {
			return err
		}
	}
	return nil
}
