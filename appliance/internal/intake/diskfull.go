package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// DiskFull proves what h.DiskFull has become. An agent says it in its heartbeat,
// because a full disk takes none of the records that would tell of it; no verdict
// comes of it, for which volume it is and how full is the check's to find out.
func (i *Intake) DiskFull(ctx context.Context, h *host.Host) error {
	e := &drift.Event{Key: drift.Key{AgentID: h.AgentID}, Source: drift.SourceAgent, ReceivedTime: time.Now()}
	b := i.maker.draft(h, e)
	b.AgentTime = 0
	b.Kind, b.CheckID, b.HIPAAControls = bundle.KindObservation, string(check.DiskSpace), citations(check.DiskSpace)
	if c, ok := catalog.Find(check.DiskSpace); ok {
		b.DriftType = c.DriftType
	}
	b.Summary = "The disk that keeps the agent's records takes writes again."
	if h.DiskFull {
		b.Severity = check.Critical
		b.Summary = "The disk that keeps the agent's records is full: what the agent finds until there is room is lost, and counted."
	}
	if err := i.store.Write(ctx, func(tx *store.Tx) error { return outbox.Add(ctx, tx, b) }); err != nil {
		return fmt.Errorf("proving a full disk of %s: %w", h.ID, err)
	}
	i.outbox.Wake()
	i.log.WarnContext(ctx, "agent's disk", "host_id", h.ID, "hostname", h.Hostname, "full", h.DiskFull)
	return nil
}
