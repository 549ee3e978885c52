package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/central/internal/store"
)

// Limits of the logs of one appliance: each has a key in the site's trust
// document, which travels with every bundle and may have 256 KB. A log begins
// anew after a restore; 8 of them without a pause leave room for a bad day.
const (
	freeEpochs = 8
	maxEpochs  = 64
	epochPause = time.Hour
)

// ErrEpochs refuses one more log.
var ErrEpochs = errors.New("too many logs")

// OpenEpoch registers the next log of an appliance. It must show the newest
// checkpoint that was cosigned for it, so that nothing witnessed is forgotten.
// Asked again before the new log has an entry, it gives the same one.
func (s *Service) OpenEpoch(ctx context.Context, a store.Appliance, last []byte, reason string) (store.Log, error) {
	if len(reason) > 1024 {
		reason = reason[:1024]
	}
	for range claimAttempts {
		logs, err := s.store.Logs(ctx, a.SiteID)
		if err != nil {
			return store.Log{}, fmt.Errorf("reading logs of site %s: %w", a.SiteID, err)
		}
		newest, n := newestOf(logs, a.ID)
		held, err := s.store.Witnessed(ctx, newest.Origin)
		if err != nil {
			return store.Log{}, fmt.Errorf("reading witness of %s: %w", newest.Origin, err)
		}
		if held.Size == 0 && bytes.Equal(newest.Previous, last) {
			return newest, nil
		}
		if err := epochDue(newest, n, held, last, time.Now()); err != nil {
			return store.Log{}, err
		}
		next := newLog(a, after(logs), reason, last)
		err = s.store.AddLog(ctx, next, newest.Origin)
		if err == nil {
			return next, nil
		}
		// Another appliance took the number, or this one's log has changed: look
		// again.
		if !errors.Is(err, store.ErrConflict) {
			return store.Log{}, fmt.Errorf("opening log %s: %w", next.Origin, err)
		}
	}
	return store.Log{}, fmt.Errorf("opening a log of %s: %w", a.ID, store.ErrConflict)
}

// epochDue judges whether an appliance with n logs may have another one.
func epochDue(newest store.Log, n int, held store.Witnessed, last []byte, now time.Time) error {
	free := time.UnixMilli(newest.CreatedMs).Add(epochPause)
	switch {
	case held.Size == 0:
		return fmt.Errorf("%w: the log %s is still empty", ErrEpoch, newest.Origin)
	case !bytes.Equal(held.Checkpoint, last):
		return fmt.Errorf("%w: the checkpoint shown is not the one last cosigned for %s", ErrEpoch, newest.Origin)
	case n >= maxEpochs:
		return fmt.Errorf("%w: the appliance has begun %d, which is all it may have; retire it and claim a new one in its place", ErrEpochs, n)
	case n >= freeEpochs && now.Before(free):
		return fmt.Errorf("%w: the appliance has begun %d, so it may begin one an hour; the next at %s", ErrEpochs, n, free.UTC().Format(time.RFC3339))
	}
	return nil
}
