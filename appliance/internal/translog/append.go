package translog

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/osiriscare/osiris/shared/logproof"
)

// add logs those records whose id is new, in order, and says where each is.
// With again, ids of earlier epochs count as new.
func (w *writer) add(ctx context.Context, records []*Record, again bool) ([]Ack, error) {
	known := map[[16]byte]int64{}
	if !again {
		var err error
		if known, err = w.known(ctx, records); err != nil {
			return nil, fmt.Errorf("looking for repeats: %w", err)
		}
	}
	acks := make([]Ack, len(records))
	rows := make([]any, 0, 7*len(records))
	fresh := map[[16]byte]*Ack{}
	for i, r := range records {
		if earlier, ok := fresh[r.ID]; ok {
			acks[i] = *earlier
			acks[i].Repeat = true
			continue
		}
		if id, ok := known[r.ID]; ok {
			var err error
			if acks[i], err = w.repeat(ctx, id); err != nil {
				return nil, err
			}
			continue
		}
		acks[i] = Ack{Epoch: w.epoch, Origin: w.head.Origin, Index: w.head.Size(), Bundle: r.bundleHash}
		fresh[r.ID] = &acks[i]
		entry, nodes := w.head.Extend(r.bundleHash, r.sigHash)
		rows = append(rows, rowID(w.epoch, acks[i].Index), r.ID[:], r.Day, entry, logproof.JoinNodes(nodes), r.Sig, r.Bundle)
	}
	if err := w.insertRows(ctx, rows); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return acks, nil
	}
	return acks, w.seal(ctx)
}

func (w *writer) insertRows(ctx context.Context, rows []any) error {
	for len(rows) > 0 {
		statement, n := w.insert, 7
		if len(rows) >= 7*wide {
			statement, n = w.insertWide, 7*wide
		}
		if _, err := statement.ExecContext(ctx, rows[:n]...); err != nil {
			return fmt.Errorf("storing entries: %w", err)
		}
		rows = rows[n:]
	}
	return nil
}

// known finds the newest row of each id that has one.
func (w *writer) known(ctx context.Context, records []*Record) (map[[16]byte]int64, error) {
	found := map[[16]byte]int64{}
	for len(records) > 0 {
		statement, n := w.lookup, 1
		if len(records) > 1 {
			statement, n = w.lookupWide, min(wide, len(records))
		}
		args := make([]any, 1, wide)
		args[0] = records[0].ID[:]
		for i := 1; n > 1 && i < wide; i++ {
			args = append(args, records[min(i, n-1)].ID[:])
		}
		rows, err := statement.QueryContext(ctx, args...)
		if err != nil {
			return nil, err
		}
		if err := collect(rows, found); err != nil {
			return nil, err
		}
		records = records[n:]
	}
	return found, nil
}

func collect(rows *sql.Rows, into map[[16]byte]int64) error {
	defer rows.Close() //nolint:errcheck // Err says it
	for rows.Next() {
		var bundle sql.RawBytes
		var id int64
		if err := rows.Scan(&bundle, &id); err != nil {
			return err
		}
		if len(bundle) == 16 {
			key := [16]byte(bundle)
			into[key] = max(into[key], id)
		}
	}
	return rows.Err()
}

// repeat is the ack of a row that is there already.
func (w *writer) repeat(ctx context.Context, id int64) (Ack, error) {
	var b []byte
	if err := w.getRecord.QueryRowContext(ctx, id).Scan(&b); err != nil {
		return Ack{}, fmt.Errorf("reading entry: %w", err)
	}
	e, err := logproof.ParseEntry(b)
	if err != nil {
		return Ack{}, err
	}
	return Ack{Epoch: uint64(id) >> positionBits, Origin: e.Origin, Index: e.Position, Bundle: e.Bundle, Repeat: true}, nil
}
