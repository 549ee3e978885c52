package posture

import (
	"context"
	_ "embed"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/store"
)

//go:embed schema.sql
var schema string

//go:embed open.sql
var openStep string

// Schema are this package's tables.
var Schema = store.Schema{Owner: "posture", Steps: []string{schema, openStep}}

// Device is what is known of a device for good.
type Device struct {
	Key       string
	MAC       string
	Addresses []netip.Addr
	Vendor    string
	Known     bool
	First     time.Time
	Last      time.Time
}

// New tells whether somebody should look who it is: only a MAC for life says that
// a device was never here.
func (d Device) New() bool { return !d.Known && d.MAC != "" && !random(d.MAC) }

// Private tells whether the device made its MAC up, as phones do.
func (d Device) Private() bool { return random(d.MAC) }

// Devices lists all, by key.
func Devices(ctx context.Context, st *store.Store) (out []Device, err error) {
	rows, err := st.Reader().QueryContext(ctx, "SELECT key, mac, address, vendor, known, first_ms, last_ms FROM posture_device ORDER BY key")
	if err != nil {
		return nil, fmt.Errorf("reading devices: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	for rows.Next() {
		var d Device
		var addresses string
		var first, last int64
		if err := rows.Scan(&d.Key, &d.MAC, &addresses, &d.Vendor, &d.Known, &first, &last); err != nil {
			return nil, fmt.Errorf("reading devices: %w", err)
		}
		for text := range strings.SplitSeq(addresses, ",") {
			if a, err := netip.ParseAddr(text); err == nil {
				d.Addresses = append(d.Addresses, a)
			}
		}
		d.First, d.Last = time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC()
		out = append(out, d)
	}
	return out, rows.Err()
}

// Know says that a device belongs here, by its MAC; "all" are all. It tells how
// many were not known before.
func Know(ctx context.Context, st *store.Store, mac string) (n int64, err error) {
	query, args := "UPDATE posture_device SET known = 1 WHERE known = 0", []any(nil)
	if mac != "all" {
		parsed, err := ParseMAC(mac)
		if err != nil {
			return 0, fmt.Errorf("reading %q: %w", mac, err)
		}
		query, args = query+" AND mac = ?", []any{parsed}
	}
	err = st.Write(ctx, func(tx *store.Tx) error {
		result, err := tx.ExecContext(ctx, query, args...)
		if err == nil {
			n, err = result.RowsAffected()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("storing that devices are known: %w", err)
	}
	return n, nil
}

// forgotten is after what time a device is forgotten that nobody named and that is
// away: anybody on the network can invent them.
const forgotten = 30 * 24 * time.Hour

// seen stores the devices of a sweep. Those of whole, networks that were never
// looked at before, are known: they were there when it began.
func (s *Scanner) seen(ctx context.Context, c *census, now time.Time) error {
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM posture_device WHERE known = 0 AND last_ms < ?", now.Add(-forgotten).UnixMilli())
		if err != nil {
			return err
		}
		for _, mac := range c.shown {
			if _, err := tx.ExecContext(ctx, "UPDATE posture_device SET last_ms = ? WHERE mac = ?", now.UnixMilli(), mac); err != nil {
				return err
			}
		}
		for _, d := range c.devices {
			_, err := tx.ExecContext(ctx, `INSERT INTO posture_device (key, mac, address, vendor, known, first_ms, last_ms) VALUES (?,?,?,?,?,?,?)
				ON CONFLICT (key) DO UPDATE SET known = CASE WHEN mac = excluded.mac THEN known ELSE excluded.known END, mac = excluded.mac, address = excluded.address, vendor = excluded.vendor, last_ms = excluded.last_ms`,
				d.Key, d.MAC, join(d.Addresses), d.Vendor, d.Known, d.First.UnixMilli(), now.UnixMilli())
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("storing the devices that were seen: %w", err)
	}
	return nil
}

func join(addresses []netip.Addr) string {
	texts := make([]string, 0, len(addresses))
	for _, a := range addresses {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, ",")
}

// baselines are the networks of which everything was seen once.
func (s *Scanner) baselines(ctx context.Context) (map[string]bool, error) {
	rows, err := s.Store.Reader().QueryContext(ctx, "SELECT range FROM posture_range")
	if err != nil {
		return nil, fmt.Errorf("reading networks that were seen: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	out := map[string]bool{}
	for rows.Next() {
		var r string
		if err := rows.Scan(&r); err != nil {
			return nil, fmt.Errorf("reading networks that were seen: %w", err)
		}
		out[r] = true
	}
	return out, rows.Err()
}

// settle stores that everything in the ranges was seen once.
func (s *Scanner) settle(ctx context.Context, ranges []netip.Prefix, now time.Time) error {
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		for _, r := range ranges {
			if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO posture_range (range, first_ms) VALUES (?,?)", r.Masked().String(), now.UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("storing networks that were seen: %w", err)
	}
	return nil
}
