// Package witness cosigns checkpoints of appliances' logs (DESIGN D32): one
// (size, root) per origin, sizes only grow, and a root is signed only for a tree
// that this Central computed itself from entries it verified. Advance makes the
// cosignature; it may leave this process only once the store has committed the
// new state, which is why it is returned inside that state. Cosignatures are
// C2SP cosignature/v1.
//
// ErrFork means that the checkpoint contradicts what was cosigned or computed.
package witness

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/osiriscare/osiris/shared/logproof"

	"github.com/osiriscare/osiris/central/internal/keyring"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Errors that callers tell apart.
var (
	ErrFork       = errors.New("the checkpoint is of another tree")
	ErrCheckpoint = errors.New("the checkpoint does not verify")
)

// Witness holds the cosigning key.
type Witness struct{ key *logproof.Witness }

// New makes the witness of this Central.
func New(keys *keyring.Keyring) *Witness {
	return &Witness{key: logproof.NewWitness(keys.WitnessName(), keys.Witness)}
}

// Advance judges a checkpoint against the head that was computed from held and
// the new entries, and returns the state to commit.
func (w *Witness) Advance(held store.Witnessed, head *logproof.Head, checkpoint []byte, log note.Verifier) (store.Witnessed, error) {
	opened, err := logproof.OpenCheckpoint(checkpoint, log)
	if err != nil {
		return store.Witnessed{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	if want := head.Checkpoint(); opened.Checkpoint != want {
		return store.Witnessed{}, fmt.Errorf("%w: it says size %d and root %s, the entries give %d and %s",
			ErrFork, opened.Size, opened.Root, want.Size, want.Root)
	}
	if held.Origin != opened.Origin || opened.Size <= held.Size {
		return store.Witnessed{}, fmt.Errorf("%w: size %d does not follow %d of %s", ErrFork, opened.Size, held.Size, held.Origin)
	}
	now := time.Now()
	cosigned, err := w.key.Cosign(checkpoint, log, now)
	if err != nil {
		return store.Witnessed{}, fmt.Errorf("cosigning %s at %d: %w", opened.Origin, opened.Size, err)
	}
	return store.Witnessed{
		Origin: opened.Origin, Size: opened.Size, Root: opened.Root[:], Chain: head.Last[:],
		Checkpoint: cosigned, UpdatedMs: now.UnixMilli(),
	}, nil
}
