package uplink

import (
	"context"
	"fmt"
	"time"

	"connectrpc.com/connect"

	"github.com/osiriscare/osiris/appliance/internal/evidence"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/bundle"
)

// Reconciler compares the log with what Central has witnessed.
type Reconciler interface {
	Reconcile(ctx context.Context, w evidence.Witness, seen func(bundle.Bundle) error) (evidence.Outcome, error)
}

// Restored is told when Central knew more than this appliance did.
type Restored interface {
	// Seen gets each bundle that came back, before it is logged here.
	Seen(b bundle.Bundle) error
	// Restored is called once after a restore was made good.
	Restored(ctx context.Context) error
}

// beginTime is how long a start waits for Central before agents are served. A
// restored appliance should know what it forgot before it takes anything, but a
// practice without internet must not wait.
const beginTime = 15 * time.Second

// Begin compares the logs before agents are served, if Central can be reached.
func (u *Uplink) Begin(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, beginTime)
	defer cancel()
	u.reached(ctx, roadEvidence, u.reconcileOnce(ctx))
}

func (u *Uplink) reconcileOnce(ctx context.Context) error {
	u.mu.Lock()
	done := u.reconciled
	u.mu.Unlock()
	if done {
		return nil
	}
	outcome, err := u.Evidence.Reconcile(ctx, witness{u}, u.Restored.Seen)
	if err != nil {
		return fmt.Errorf("comparing the evidence log with central: %w", err)
	}
	if outcome != evidence.InStep {
		u.log.WarnContext(ctx, "restored from an older copy", "outcome", string(outcome))
		if err := u.Restored.Restored(ctx); err != nil {
			return err
		}
	}
	u.mu.Lock()
	u.reconciled = true
	u.mu.Unlock()
	return nil
}

// witness is Central as the evidence package wants it.
type witness struct{ u *Uplink }

// State is what Central last cosigned.
func (w witness) State(ctx context.Context, origin string) (evidence.Witnessed, error) {
	answer, err := w.u.client.WitnessState(ctx, connect.NewRequest(&centralv1.WitnessStateRequest{LogOrigin: origin}))
	if err != nil {
		return evidence.Witnessed{}, err
	}
	return evidence.Witnessed{
		Origin: answer.Msg.GetLogOrigin(), Size: answer.Msg.GetSize(), Checkpoint: answer.Msg.GetCheckpoint(),
	}, nil
}

// Fetch gives entries back.
func (w witness) Fetch(ctx context.Context, origin string, from uint64, limit uint32) ([]evidence.Entry, error) {
	answer, err := w.u.client.FetchEvidence(ctx, connect.NewRequest(&centralv1.FetchEvidenceRequest{
		LogOrigin: origin, From: from, Limit: limit,
	}))
	if err != nil {
		return nil, err
	}
	out := make([]evidence.Entry, 0, len(answer.Msg.GetEntries()))
	for _, e := range answer.Msg.GetEntries() {
		out = append(out, evidence.Entry{Index: e.GetIndex(), Entry: e.GetEntry(), Bundle: e.GetBundle(), Signature: e.GetSignature()})
	}
	return out, nil
}

// OpenEpoch registers a new log; its trust document is in force before the
// origin is returned, because the first bundle carries it.
func (w witness) OpenEpoch(ctx context.Context, last []byte, reason string) (string, error) {
	answer, err := w.u.client.OpenEpoch(ctx, connect.NewRequest(&centralv1.OpenEpochRequest{LastCheckpoint: last, Reason: reason}))
	if err != nil {
		return "", err
	}
	if err := w.u.Policy.Offer(ctx, answer.Msg.GetTrust(), nil); err != nil {
		return "", fmt.Errorf("taking the new log's trust document: %w", err)
	}
	w.u.log.WarnContext(ctx, "evidence log begun anew", "origin", answer.Msg.GetLogOrigin(), "reason", reason)
	return answer.Msg.GetLogOrigin(), nil
}
