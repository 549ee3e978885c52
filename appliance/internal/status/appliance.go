package status

import (
	"context"

	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/session"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/update"
	"github.com/osiriscare/osiris/appliance/internal/uplink"
)

// Appliance is the Source of a running appliance.
type Appliance struct {
	Sessions *session.Table
	Hosts    *host.Registry
	Store    *store.Store
	Outbox   *outbox.Outbox
	Evidence *evidence.Evidence
	Uplink   *uplink.Uplink
}

// Numbers implements Source.
func (a Appliance) Numbers(ctx context.Context) (n Numbers, err error) {
	hosts := a.Hosts.List()
	n.Sessions, n.Hosts, n.Away = a.Sessions.Sessions(), len(hosts), a.Uplink.Away()
	for h := range hosts {
		if hosts[h].DiskFull {
			n.DisksFull++
		}
	}
	n.EvidenceRefused, n.CheckInRefused = a.Uplink.Refused()
	_, n.Logged, _ = a.Evidence.Size()
	if err := a.Outbox.Failing(); err != nil {
		n.Unwritten = clip(err.Error())
	}
	if err := a.Store.Writable(ctx); err != nil {
		n.Unwritten = clip(err.Error())
	}
	open, err := incident.Unresolved(ctx, a.Store.Reader())
	if err != nil {
		return n, err
	}
	n.Incidents = uint32(max(0, open)) //nolint:gosec // a count of rows
	if n.Waiting, err = a.Outbox.Waiting(ctx); err != nil {
		return n, err
	}
	trouble, err := update.Troubles(ctx, a.Store)
	if err != nil {
		return n, err
	}
	n.UpdatesHalted, n.UpdatesRefused = trouble.Halted, trouble.Refused
	_, n.Witnessed, err = a.Evidence.LastCosigned(ctx)
	return n, err
}
