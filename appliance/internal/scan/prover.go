package scan

import (
	"context"

	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
)

// Prover puts bundles into the outbox, and notes rounds.
type Prover struct {
	Store  *store.Store
	Outbox *outbox.Outbox
}

// Prove implements Evidence. It returns when the bundle is durable; its way into
// the log is the outbox's.
func (p Prover) Prove(ctx context.Context, b *bundle.Bundle) error {
	draft, err := outbox.Prepare(b)
	if err != nil {
		return err
	}
	if err := p.Store.Write(ctx, func(tx *store.Tx) error { return draft.Add(ctx, tx) }); err != nil {
		return err
	}
	p.Outbox.Wake()
	return nil
}
