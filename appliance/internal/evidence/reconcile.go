package evidence

import (
	"context"
	"errors"
	"fmt"

	"github.com/osiriscare/osiris/appliance/internal/translog"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/logproof"
)

// Witnessed is what the witness last cosigned for a log.
type Witnessed struct {
	Origin     string
	Size       uint64
	Checkpoint []byte // with the cosignature; nil at size 0
}

// Witness is Central as this package needs it.
type Witness interface {
	// State is what was cosigned last for the origin; empty means the newest
	// epoch of this appliance.
	State(ctx context.Context, origin string) (Witnessed, error)
	// Fetch gives stored entries from an index on, at most limit; fewer are
	// fine, none means there are none.
	Fetch(ctx context.Context, origin string, from uint64, limit uint32) ([]Entry, error)
	// OpenEpoch registers the next epoch and returns its origin. By then the
	// Chain of this package gives a trust document that names the new log key.
	OpenEpoch(ctx context.Context, lastCheckpoint []byte, reason string) (origin string, err error)
}

// Outcome of Reconcile.
type Outcome string

// Outcomes. After all but InStep the appliance was restored from an older copy
// or lost entries: state that others compare with must be renewed.
const (
	InStep   Outcome = "in_step"   // the log is what the witness knows, or continues it
	Refilled Outcome = "refilled"  // entries that were lost came back
	NewEpoch Outcome = "new_epoch" // the two histories differ; a new log was begun
)

// fetchLimit is how many entries are asked for at once.
const fetchLimit = 200

// Errors of Reconcile after which nothing is changed.
var (
	// ErrWitnessBehind means that the witness knows only an older epoch than
	// ours: it was restored from an old copy. A person must look.
	ErrWitnessBehind = errors.New("witness knows only an older epoch of this log")
	// ErrWitnessGarbled means that the entries which the witness gives are not
	// those that it cosigned.
	ErrWitnessGarbled = errors.New("witness's entries are not what it cosigned")
)

// Reconcile compares the log with the witness (D31): call it after each start,
// once the witness can be reached. Entries that we lost are fetched, verified
// and appended. If the histories differ, a new epoch begins whose entry 0 names
// the last witnessed checkpoint, followed by those entries of ours that the
// witness does not have. seen is called for each fetched bundle before anything
// is committed. Adds wait meanwhile. Calling it again is harmless.
func (e *Evidence) Reconcile(ctx context.Context, w Witness, seen func(bundle.Bundle) error) (Outcome, error) {
	select {
	case <-e.ready:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	newest, err := w.State(ctx, "")
	if err != nil {
		return "", fmt.Errorf("asking the witness: %w", err)
	}
	e.epoch.Lock()
	defer e.epoch.Unlock()
	now, _ := e.tlog.Status()
	r := &reconciler{Evidence: e, witness: w, seen: seen, now: now, theirs: map[[16]byte]bool{}}
	if newest.Origin == now.Origin {
		return r.sameEpoch(ctx, newest)
	}
	_, number, err := logproof.ParseOrigin(newest.Origin)
	if err != nil {
		return "", fmt.Errorf("asking the witness: %w", err)
	}
	if number < now.Epoch {
		return "", fmt.Errorf("%w: it knows %s, ours is %s", ErrWitnessBehind, newest.Origin, now.Origin)
	}
	return r.laterEpoch(ctx, newest)
}

// reconciler is one run of Reconcile.
type reconciler struct {
	*Evidence
	witness Witness
	seen    func(bundle.Bundle) error
	now     translog.Status
	theirs  map[[16]byte]bool // ids of bundles that were fetched
}

func (r *reconciler) sameEpoch(ctx context.Context, state Witnessed) (Outcome, error) {
	if state.Size == 0 {
		return InStep, nil
	}
	target, err := r.openCosigned(state.Origin, state.Checkpoint)
	if err != nil {
		return "", fmt.Errorf("opening the witness's checkpoint: %w", err)
	}
	outcome := InStep
	if state.Size > r.now.Size {
		outcome = Refilled
		err = r.tlog.Refill(ctx, target.Checkpoint, r.fetch(state.Origin))
	}
	if err == nil {
		err = r.tlog.SetCosigned(ctx, r.now.Epoch, state.Checkpoint)
	}
	if errors.Is(err, logproof.ErrFork) {
		return r.fork(ctx, state)
	}
	if err != nil {
		return "", fmt.Errorf("reconciling with the witness at %d: %w", state.Size, err)
	}
	return outcome, nil
}

// fork opens a new epoch at the witness and begins it here.
func (r *reconciler) fork(ctx context.Context, state Witnessed) (Outcome, error) {
	kept, err := r.kept(ctx, state)
	if err != nil {
		return "", err
	}
	reason := fmt.Sprintf("this log's entries from %d on differ from what the witness holds (%d entries here, %d there)", kept, r.now.Size, state.Size)
	origin, err := r.witness.OpenEpoch(ctx, state.Checkpoint, reason)
	if err != nil {
		return "", fmt.Errorf("opening a new epoch: %w", err)
	}
	return NewEpoch, r.begin(ctx, origin, state, kept, reason)
}

// laterEpoch follows the witness into an epoch that we do not know: either we
// stopped between opening and beginning it, or we were restored from a copy
// made before.
func (r *reconciler) laterEpoch(ctx context.Context, newest Witnessed) (Outcome, error) {
	old, err := r.witness.State(ctx, r.now.Origin)
	if err != nil {
		return "", fmt.Errorf("asking the witness about %s: %w", r.now.Origin, err)
	}
	kept, err := r.kept(ctx, old)
	if err != nil {
		return "", err
	}
	if newest.Size == 0 {
		reason := fmt.Sprintf("the log before it ended at %d entries here and %d at the witness", r.now.Size, old.Size)
		return NewEpoch, r.begin(ctx, newest.Origin, old, kept, reason)
	}
	target, err := r.openCosigned(newest.Origin, newest.Checkpoint)
	if err != nil {
		return "", fmt.Errorf("opening the witness's checkpoint: %w", err)
	}
	_, number, err := logproof.ParseOrigin(newest.Origin)
	if err != nil {
		return "", err
	}
	for between := r.now.Epoch + 1; between < number; between++ {
		state, err := r.witness.State(ctx, logproof.Origin(r.cfg.SiteID, between))
		if err != nil {
			return "", fmt.Errorf("asking the witness about epoch %d: %w", between, err)
		}
		if err := r.look(ctx, state, logproof.NewHead(state.Origin)); err != nil {
			return "", err
		}
	}
	err = r.tlog.Adopt(ctx, target.Checkpoint, kept, r.fetch(newest.Origin), func(ctx context.Context) ([]*translog.Record, error) {
		return r.lacking(ctx, newest.Origin, kept)
	})
	if err != nil {
		return "", fmt.Errorf("adopting %s: %w", newest.Origin, err)
	}
	return NewEpoch, r.tlog.SetCosigned(ctx, number, newest.Checkpoint)
}

// begin starts the epoch here, with the entries of ours that the witness lacks.
func (r *reconciler) begin(ctx context.Context, origin string, old Witnessed, kept uint64, reason string) error {
	first, err := r.record(origin, r.epochBundle(origin, bundle.Epoch{
		LastCheckpoint: string(old.Checkpoint), KeptSize: kept, LocalSize: r.now.Size, Reason: reason,
	}))
	if err != nil {
		return fmt.Errorf("making entry 0 of %s: %w", origin, err)
	}
	records, err := r.lacking(ctx, origin, kept)
	if err != nil {
		return err
	}
	if err := r.tlog.Begin(ctx, origin, kept, append([]*translog.Record{first}, records...)); err != nil {
		return fmt.Errorf("beginning %s: %w", origin, err)
	}
	return nil
}
