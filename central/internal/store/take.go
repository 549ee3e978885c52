package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Take is a verified run of log entries with all that follows from it.
type Take struct {
	Site     SiteID
	Origin   string
	FromSize uint64      // size of the log before
	Nodes    []tlog.Hash // new tree nodes in stored order
	Entries  []Entry
	Evidence []Evidence // what the bundle of each entry says of itself
	Witness  Witnessed
	// Project writes what follows from entry i, called in order and only for
	// bundles that were not held yet.
	Project func(ctx context.Context, i int, p *Projection) error
	// Duplicate, if set, is told of each entry whose bundle id or record is held
	// with other content. It counts only if Take succeeds.
	Duplicate func(i int)
}

// held says what was there before a bundle.
type held int

const (
	unheld    held = iota
	heldSame       // the same bytes
	heldOther      // its id, or its agent's record, with other bytes
)

// Take commits t. When it returns nil, everything is durable, the witnessed
// size too. ErrConflict means that the log had another size, ErrClosed that its
// appliance has a newer log: nothing was done.
func (s *Store) Take(ctx context.Context, t Take) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if err := expectOpen(ctx, tx, t.Origin); err != nil {
			return err
		}
		if err := expectSize(ctx, tx, t.Origin, t.FromSize); err != nil {
			return err
		}
		if err := addNodes(ctx, tx, t); err != nil {
			return fmt.Errorf("adding tree nodes: %w", err)
		}
		if err := addEntries(ctx, tx, t); err != nil {
			return err
		}
		w := t.Witness
		_, err := tx.ExecContext(ctx, `INSERT INTO witness (origin, size, root, chain, checkpoint, updated_ms)
			VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root,
			chain = excluded.chain, checkpoint = excluded.checkpoint, updated_ms = excluded.updated_ms`,
			t.Origin, w.Size, w.Root, w.Chain, w.Checkpoint, w.UpdatedMs)
		return err
	})
}

// expectOpen is asked in the transaction that takes entries: a newer epoch may
// have been opened since they were looked at, and what it names as the end of
// this log must stay its end.
func expectOpen(ctx context.Context, tx *sql.Tx, origin string) error {
	var newer int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM log l JOIN log n ON n.appliance_id = l.appliance_id AND n.epoch > l.epoch
		WHERE l.origin = ?`, origin).Scan(&newer)
	if err == nil && newer > 0 {
		err = fmt.Errorf("%w: %s", ErrClosed, origin)
	}
	return err
}

func expectSize(ctx context.Context, tx *sql.Tx, origin string, want uint64) error {
	var size uint64
	err := tx.QueryRowContext(ctx, "SELECT size FROM witness WHERE origin = ?", origin).Scan(&size)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if size != want {
		return fmt.Errorf("%w: log %s has size %d, not %d", ErrConflict, origin, size, want)
	}
	return nil
}

func addNodes(ctx context.Context, tx *sql.Tx, t Take) error {
	insert, err := tx.PrepareContext(ctx, "INSERT INTO log_node (origin, node, hash) VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	defer insert.Close() //nolint:errcheck // the transaction says whether it worked
	first := tlog.StoredHashCount(int64(t.FromSize))
	for i := range t.Nodes {
		if _, err := insert.ExecContext(ctx, t.Origin, first+int64(i), t.Nodes[i][:]); err != nil {
			return err
		}
	}
	return nil
}

func addEntries(ctx context.Context, tx *sql.Tx, t Take) error {
	insert, err := tx.PrepareContext(ctx, `INSERT INTO log_entry (origin, position, site_id, bundle_id, bundle_hash,
		signature_hash, batch, taken_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close() //nolint:errcheck // the transaction says whether it worked
	for i, e := range t.Entries {
		done, err := insert.ExecContext(ctx, e.Origin, e.Position, e.SiteID, e.BundleID, e.BundleHash, e.SignatureHash,
			e.Batch, e.TakenMs)
		if err != nil {
			return fmt.Errorf("adding entry %d: %w", e.Position, err)
		}
		if e.ID, err = done.LastInsertId(); err != nil {
			return err
		}
		before, err := addEvidence(ctx, tx, e, t.Evidence[i])
		if err == nil && before == unheld {
			err = t.Project(ctx, i, &Projection{tx})
		}
		if err != nil {
			return fmt.Errorf("taking bundle %s: %w", e.BundleID, err)
		}
		if before == heldOther && t.Duplicate != nil {
			t.Duplicate(i)
		}
	}
	return nil
}

// addEvidence reports whether the bundle is new. The same one may be logged again
// after an epoch change and has one row. What has the id or the record of another
// gets a row of its own, flagged: it is in the log, and refusing it would stop
// the log for ever.
func addEvidence(ctx context.Context, tx *sql.Tx, e Entry, v Evidence) (held, error) {
	added, err := insertEvidence(ctx, tx, e, v, 0)
	if err != nil || added {
		return unheld, err
	}
	var same bool
	err = tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM evidence WHERE site_id = ? AND bundle_id = ? AND bundle_hash = ?)",
		e.SiteID, e.BundleID, e.BundleHash).Scan(&same)
	if err != nil || same {
		return heldSame, err
	}
	added, err = insertEvidence(ctx, tx, e, v, e.ID)
	if err == nil && !added {
		err = fmt.Errorf("adding evidence %s: entry %d has a row", e.BundleID, e.ID)
	}
	return heldOther, err
}

func insertEvidence(ctx context.Context, tx *sql.Tx, e Entry, v Evidence, duplicate int64) (added bool, err error) {
	done, err := tx.ExecContext(ctx, `INSERT INTO evidence (site_id, bundle_id, entry_id, bundle_hash, host_id,
		check_id, incident_id, kind, outcome, made_ms, agent_id, queue_id, seq, summary, duplicate)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		e.SiteID, e.BundleID, e.ID, e.BundleHash, v.HostID, v.CheckID, v.IncidentID, v.Kind, v.Outcome, v.MadeMs,
		v.AgentID, v.QueueID, int64(v.Seq), v.Summary, duplicate)
	if err != nil {
		return false, fmt.Errorf("adding evidence %s: %w", e.BundleID, err)
	}
	n, err := done.RowsAffected()
	return n == 1, err
}
