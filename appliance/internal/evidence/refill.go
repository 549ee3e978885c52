package evidence

import (
	"bytes"
	"context"
	"fmt"

	"github.com/osiriscare/osiris/appliance/internal/translog"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"
)

// fetch gets entries of a log from the witness and verifies each: form,
// signature by this site's appliances, endorsement by our own root. That they
// continue the log and give the cosigned root is checked by translog.
func (r *reconciler) fetch(origin string) func(context.Context, uint64) ([]translog.Foreign, error) {
	return func(ctx context.Context, from uint64) ([]translog.Foreign, error) {
		entries, err := r.witness.Fetch(ctx, origin, from, fetchLimit)
		if err != nil {
			return nil, err
		}
		list := make([]translog.Foreign, len(entries))
		for i, entry := range entries {
			if list[i], err = r.foreign(entry); err != nil {
				return nil, fmt.Errorf("verifying entry %d: %w", entry.Index, err)
			}
		}
		return list, nil
	}
}

func (r *reconciler) foreign(entry Entry) (translog.Foreign, error) {
	s, err := bundle.OpenSigned(entry.Bundle, entry.Signature)
	if err != nil {
		return translog.Foreign{}, err
	}
	_, own := r.chain.Newest()
	if own == nil || s.Trust.Root != own.Root || s.Bundle.SiteID != r.cfg.SiteID || own.Appliance(signed.IDOf(s.Sig.Key)) == nil {
		return translog.Foreign{}, fmt.Errorf("%w: bundle %s", ErrNotEndorsed, s.Bundle.BundleID)
	}
	id, err := bundle.RawID(s.Bundle.BundleID)
	if err != nil {
		return translog.Foreign{}, err
	}
	if err := r.seen(s.Bundle); err != nil {
		return translog.Foreign{}, err
	}
	r.theirs[id] = true
	return translog.Foreign{
		Record: translog.NewRecord(id, day(s.Bundle.MadeTime), entry.Bundle, entry.Signature), Entry: entry.Entry,
	}, nil
}

// kept is how many first entries both sides hold alike. Entries name their
// predecessors, so one equal entry means that all before it are equal: a binary
// search suffices. All entries of the witness beyond are looked at.
func (r *reconciler) kept(ctx context.Context, state Witnessed) (uint64, error) {
	low, high := uint64(0), min(state.Size, r.now.Size) // entries below low are equal
	for low < high {
		middle := (low + high) / 2
		same, err := r.equal(ctx, state.Origin, middle)
		if err != nil {
			return 0, err
		}
		if same {
			low = middle + 1
		} else {
			high = middle
		}
	}
	head, err := r.tlog.HeadAt(ctx, r.now.Epoch, state.Origin, low)
	if err != nil {
		return 0, err
	}
	return low, r.look(ctx, state, head)
}

// look fetches what the witness holds of a log beyond the head, for seen, and
// checks that it is the history that the witness cosigned: garbled answers must
// not pass for a fork.
func (r *reconciler) look(ctx context.Context, state Witnessed, head *logproof.Head) error {
	if state.Size == 0 {
		return nil
	}
	target, err := r.openCosigned(state.Origin, state.Checkpoint)
	if err != nil {
		return fmt.Errorf("opening the witness's checkpoint: %w", err)
	}
	fetch := r.fetch(state.Origin)
	for head.Size() < target.Size {
		list, err := fetch(ctx, head.Size())
		if err != nil {
			return fmt.Errorf("fetching what the witness holds of %s from %d: %w", state.Origin, head.Size(), err)
		}
		if len(list) == 0 {
			return fmt.Errorf("%w: it gives %d of %d entries of %s", ErrWitnessGarbled, head.Size(), target.Size, state.Origin)
		}
		for i := range list[:min(uint64(len(list)), target.Size-head.Size())] {
			if err := list[i].Continue(head); err != nil {
				return fmt.Errorf("%w: %w", ErrWitnessGarbled, err)
			}
		}
	}
	if head.Size() == target.Size && head.Checkpoint() != target.Checkpoint {
		return fmt.Errorf("%w: its entries of %s give another root at %d than it cosigned", ErrWitnessGarbled, state.Origin, target.Size)
	}
	return nil
}

func (r *reconciler) equal(ctx context.Context, origin string, at uint64) (bool, error) {
	theirs, err := r.witness.Fetch(ctx, origin, at, 1)
	if err != nil || len(theirs) == 0 {
		return false, err
	}
	ours, err := r.tlog.Entries(ctx, r.now.Epoch, at, 1, 0)
	if err != nil || len(ours) == 0 {
		return false, err
	}
	return bytes.Equal(ours[0].Entry, theirs[0].Entry), nil
}

// lacking are our entries from kept on that the witness does not hold, signed
// again under the chain that names the new log's key. The bundles stay the same
// bytes; the old epoch's entry 0 stays behind.
func (r *reconciler) lacking(ctx context.Context, origin string, kept uint64) ([]*translog.Record, error) {
	const maxBytes = 8 << 20
	chain, err := r.endorsement(origin)
	if err != nil {
		return nil, err
	}
	var records []*translog.Record
	for from := kept; from < r.now.Size; {
		rows, err := r.tlog.Entries(ctx, r.now.Epoch, from, 500, maxBytes)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			return nil, fmt.Errorf("reading entry %d: %w", from, translog.ErrNotFound)
		}
		for _, row := range rows {
			if row.Position == 0 || r.theirs[row.ID] {
				continue
			}
			rec := translog.NewRecord(row.ID, row.Day, row.Bundle, bundle.Sign(row.Bundle, r.key, chain).Marshal())
			records = append(records, &rec)
		}
		from += uint64(len(rows))
	}
	return records, nil
}
