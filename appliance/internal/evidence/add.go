package evidence

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/osiriscare/osiris/appliance/internal/translog"
	"github.com/osiriscare/osiris/shared/bundle"
)

// Draft is what happened. Site, appliance, made_time and ntp_verification are
// filled in when they are empty; all else is the caller's.
type Draft struct{ Bundle bundle.Bundle }

// Ack says that a bundle is durable and covered by a signed checkpoint.
type Ack struct {
	BundleID string
	Origin   string
	Index    uint64
	Repeat   bool // it was there already
}

// maxAdd is how many drafts go to the writer at once.
const maxAdd = 128

// Add logs one bundle.
func (e *Evidence) Add(ctx context.Context, d Draft) (Ack, error) {
	acks, err := e.AddAll(ctx, d)
	if err != nil {
		return Ack{}, err
	}
	return acks[0], nil
}

// AddAll logs bundles in order. On an error some may be logged; adding them
// again is harmless.
func (e *Evidence) AddAll(ctx context.Context, drafts ...Draft) ([]Ack, error) {
	select {
	case <-e.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	e.epoch.RLock()
	defer e.epoch.RUnlock()
	now, _ := e.tlog.Status()
	acks := make([]Ack, 0, len(drafts))
	for len(drafts) > 0 {
		part := drafts[:min(maxAdd, len(drafts))]
		records, err := e.records(now.Origin, part)
		if err != nil {
			return acks, err
		}
		logged, err := e.tlog.Append(ctx, records...)
		if err != nil {
			return acks, fmt.Errorf("logging bundle %s: %w", part[0].Bundle.BundleID, err)
		}
		for i, a := range logged {
			if a.Bundle != records[i].BundleHash() {
				if err := e.same(ctx, records[i]); err != nil {
					return acks, err
				}
			}
			acks = append(acks, Ack{part[i].Bundle.BundleID, a.Origin, a.Index, a.Repeat})
		}
		drafts = drafts[len(part):]
	}
	return acks, nil
}

// records makes the records of some drafts, on all cores if there are many:
// encoding and signing cost more than storing.
func (e *Evidence) records(origin string, drafts []Draft) ([]*translog.Record, error) {
	records := make([]*translog.Record, len(drafts))
	var group errgroup.Group
	share := (len(drafts) + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
	for from := 0; from < len(drafts); from += max(share, 4) {
		to := min(from+max(share, 4), len(drafts))
		work := func() error {
			for i := from; i < to; i++ {
				r, err := e.record(origin, drafts[i].Bundle)
				if err != nil {
					return fmt.Errorf("making bundle %s: %w", drafts[i].Bundle.BundleID, err)
				}
				records[i] = r
			}
			return nil
		}
		if to == len(drafts) { // the last share, often the only one: here
			return records, errors.Join(work(), group.Wait())
		}
		group.Go(work)
	}
	return records, nil
}

// same compares a refused record with the bundle that has its id.
func (e *Evidence) same(ctx context.Context, r *translog.Record) error {
	held, err := e.tlog.Find(ctx, r.ID)
	if err != nil {
		return fmt.Errorf("reading the bundle logged before: %w", err)
	}
	first, err := bundle.Decode(held.Bundle)
	if err != nil {
		return err
	}
	second, err := bundle.Decode(r.Bundle)
	if err != nil {
		return err
	}
	if same, err := bundle.SameEvent(first, second); err != nil || same {
		return err
	}
	return fmt.Errorf("%w: %s", ErrDifferent, first.BundleID)
}
