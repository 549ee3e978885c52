package uplink

import (
	"context"

	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/session"
	"github.com/osiriscare/osiris/appliance/internal/store"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// Site is the State of a running appliance.
type Site struct {
	Registry *host.Registry
	Enroll   *enroll.Enroll
	Store    *store.Store
	Outbox   *outbox.Outbox
}

// Hosts are all hosts as they are now.
func (s Site) Hosts() []*centralv1.HostStatus {
	list := s.Registry.List()
	out := make([]*centralv1.HostStatus, 0, len(list))
	for _, h := range list {
		hold := ""
		if h.AgentID != "" {
			hold = s.Enroll.Hold(h.AgentID)
		}
		out = append(out, &centralv1.HostStatus{
			HostId: h.ID, AgentId: h.AgentID, Hostname: h.Hostname, Os: h.OS, OsVersion: h.OSVersion,
			AgentVersion: h.AgentVersion, Source: h.Source, Connected: h.Connected, LastSeenMs: h.LastSeenMs,
			Asserted: h.Asserted(), Quarantined: hold != "", Hold: hold, Dropped: h.Dropped,
		})
	}
	return out
}

// OpenIncidents counts the incidents that are not resolved.
func (s Site) OpenIncidents(ctx context.Context) (uint32, error) {
	n, err := incident.Unresolved(ctx, s.Store.Reader())
	return uint32(max(0, n)), err //nolint:gosec // a count of rows
}

// Waiting counts bundles that are not logged yet.
func (s Site) Waiting(ctx context.Context) (uint64, error) { return s.Outbox.Waiting(ctx) }

// Recovery is the Restored of a running appliance.
type Recovery struct {
	*intake.Intake
	Sessions *session.Table
}

// Restored renews the store's id and greets every agent anew, because what they
// were told before is void.
func (r Recovery) Restored(ctx context.Context) error {
	if err := r.Intake.Restored(ctx); err != nil {
		return err
	}
	r.Sessions.CutAll()
	return nil
}
