package intake

import (
	"context"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/drift"
)

// Sink is told what was accepted: internal/heal is the one of the program.
type Sink interface {
	// Accept runs inside the transaction that accepts the event, so that an
	// incident exists exactly when its event does. It returns the incidents that
	// changed. It may add rows to the outbox. An error refuses the batch, so it
	// is for a broken store only, never for odd events.
	Accept(ctx context.Context, tx *store.Tx, e *drift.Event, h host.Host) ([]incident.Change, error)
	// Committed is called once the changes are durable. It must not block.
	Committed(changes []incident.Change)
}
