package evidence

import (
	"context"
	"fmt"

	"github.com/osiriscare/osiris/appliance/internal/translog"
	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/trust"
	"golang.org/x/mod/sumdb/note"
)

// Entry is a log entry with its files, as it travels to and from Central.
type Entry struct {
	Index     uint64
	Entry     []byte
	Bundle    []byte
	Signature []byte // bundle.sig
}

// Size is the current log's origin and number of entries, and a channel that
// closes when that is outdated.
func (e *Evidence) Size() (origin string, size uint64, changed <-chan struct{}) {
	now, changed := e.tlog.Status()
	return now.Origin, now.Size, changed
}

// Entries reads the current log from an index on: at most limit entries and,
// after the first, at most maxBytes.
func (e *Evidence) Entries(ctx context.Context, from uint64, limit, maxBytes int) ([]Entry, error) {
	now, _ := e.tlog.Status()
	rows, err := e.tlog.Entries(ctx, now.Epoch, from, limit, maxBytes)
	if err != nil {
		return nil, err
	}
	list := make([]Entry, len(rows))
	for i, r := range rows {
		list[i] = Entry{r.Position, r.Entry, r.Bundle, r.Sig}
	}
	return list, nil
}

// Get reads a bundle with its entry, or translog.ErrNotFound.
func (e *Evidence) Get(ctx context.Context, id [16]byte) (translog.Row, error) {
	return e.tlog.Find(ctx, id)
}

// Checkpoint is the newest signed checkpoint.
func (e *Evidence) Checkpoint() []byte {
	now, _ := e.tlog.Status()
	return now.Checkpoint
}

// CheckpointAt is a signed checkpoint of the current log's first size entries:
// what goes with a batch that ends there.
func (e *Evidence) CheckpointAt(ctx context.Context, size uint64) ([]byte, error) {
	return e.tlog.CheckpointAt(ctx, size)
}

// LastCosigned is the newest cosigned checkpoint of the current log and its
// size; nil and 0 when there is none.
func (e *Evidence) LastCosigned(ctx context.Context) ([]byte, uint64, error) {
	now, _ := e.tlog.Status()
	return e.tlog.LastCosigned(ctx, now.Epoch)
}

// SetCosigned takes a checkpoint that the witness has cosigned. It verifies our
// own signature, at least one cosignature by a witness of the trust document,
// and that it is of our log; if not, logproof.ErrFork among others. The
// exported proofs follow.
func (e *Evidence) SetCosigned(ctx context.Context, checkpoint []byte) error {
	now, _ := e.tlog.Status()
	opened, err := e.openCosigned(now.Origin, checkpoint)
	if err != nil {
		return err
	}
	if opened.Size > now.Size {
		return fmt.Errorf("%w: size %d was cosigned, the log has %d", logproof.ErrFork, opened.Size, now.Size)
	}
	return e.tlog.SetCosigned(ctx, now.Epoch, checkpoint)
}

// openCosigned verifies a cosigned checkpoint of our own log.
func (e *Evidence) openCosigned(origin string, checkpoint []byte) (logproof.Opened, error) {
	own, err := logproof.LogVerifier(e.vkey(origin))
	if err != nil {
		return logproof.Opened{}, err
	}
	_, chain := e.chain.Newest()
	witnesses, err := witnessVerifiers(chain)
	if err != nil {
		return logproof.Opened{}, err
	}
	opened, err := logproof.OpenCheckpoint(checkpoint, own, witnesses...)
	if err != nil {
		return logproof.Opened{}, err
	}
	if len(opened.Cosigned) == 0 {
		return logproof.Opened{}, fmt.Errorf("%w: checkpoint without a cosignature", logproof.ErrSignature)
	}
	return opened, nil
}

// witnessVerifiers are the witnesses of a trust document.
func witnessVerifiers(opened *trust.Opened) ([]note.Verifier, error) {
	if opened == nil {
		return nil, ErrNotEndorsed
	}
	var list []note.Verifier
	for _, v := range opened.Doc.WitnessVkeys {
		w, err := logproof.WitnessVerifier(v)
		if err != nil {
			return nil, fmt.Errorf("reading witness key: %w", err)
		}
		list = append(list, w)
	}
	return list, nil
}
