package uplink

import (
	"context"
	"fmt"

	"connectrpc.com/connect"

	"github.com/osiriscare/osiris/appliance/internal/evidence"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// A batch of evidence: what Central verifies in one transaction.
const (
	batchEntries = 256
	batchBytes   = 1 << 20
)

// Log is the evidence as the uplink sees it.
type Log interface {
	Size() (origin string, size uint64, changed <-chan struct{})
	Entries(ctx context.Context, from uint64, limit, maxBytes int) ([]evidence.Entry, error)
	CheckpointAt(ctx context.Context, size uint64) ([]byte, error)
	LastCosigned(ctx context.Context) (checkpoint []byte, size uint64, err error)
	SetCosigned(ctx context.Context, checkpoint []byte) error
}

// send brings the log to Central whenever it grows, until ctx ends.
func (u *Uplink) send(ctx context.Context) {
	var wait backoff
	for ctx.Err() == nil {
		_, size, changed := u.Log.Size()
		sent, err := u.step(ctx, size)
		u.reached(ctx, roadEvidence, err)
		if err != nil {
			wait.sleep(ctx)
			continue
		}
		wait.reset()
		if sent < size {
			continue
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// step makes sure that the log is the one Central knows, and sends one batch of
// it. It returns how far Central has it.
func (u *Uplink) step(ctx context.Context, size uint64) (uint64, error) {
	if err := u.reconcileOnce(ctx); err != nil {
		return 0, err
	}
	_, from, err := u.Log.LastCosigned(ctx)
	if err != nil || from >= size {
		return from, err
	}
	return u.submit(ctx, from)
}

// submit sends the entries from an index on.
func (u *Uplink) submit(ctx context.Context, from uint64) (uint64, error) {
	origin, _, _ := u.Log.Size()
	entries, err := u.Log.Entries(ctx, from, batchEntries, batchBytes)
	if err == nil && len(entries) == 0 {
		err = fmt.Errorf("reading evidence from %d of %s: there is none", from, origin)
	}
	if err != nil {
		return from, err
	}
	end := from + uint64(len(entries))
	checkpoint, err := u.Log.CheckpointAt(ctx, end)
	if err != nil {
		return from, err
	}
	request := &centralv1.SubmitEvidenceRequest{LogOrigin: origin, Checkpoint: checkpoint}
	for _, e := range entries {
		request.Entries = append(request.Entries, &centralv1.LogEntry{
			Index: e.Index, Entry: e.Entry, Bundle: e.Bundle, Signature: e.Signature,
		})
	}
	answer, err := u.client.SubmitEvidence(ctx, connect.NewRequest(request))
	if err != nil {
		return from, fmt.Errorf("submitting evidence from %d: %w", from, err)
	}
	got := answer.Msg.GetSize()
	if got != end {
		// Central is elsewhere in the log than we thought.
		u.forget()
		return from, fmt.Errorf("submitting evidence from %d: central has %d, not %d", from, got, end)
	}
	if err := u.Log.SetCosigned(ctx, answer.Msg.GetCosigned()); err != nil {
		return from, fmt.Errorf("taking cosigned checkpoint at %d: %w", got, err)
	}
	u.log.InfoContext(ctx, "evidence witnessed", "origin", origin, "size", got)
	return got, nil
}

// forget makes the next step compare the logs again.
func (u *Uplink) forget() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.reconciled = false
}
