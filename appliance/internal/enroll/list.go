package enroll

import (
	"context"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
)

// Agent is what a person needs to decide about one.
type Agent struct {
	ID         string         `json:"agent_id"`
	HostID     string         `json:"host_id"`
	Hostname   string         `json:"hostname"`
	Domain     string         `json:"domain"`
	OS         string         `json:"os"`
	ADObjectID string         `json:"ad_object_guid"`
	Cap        trustlite.Tier `json:"tier_cap"`
	Pending    bool           `json:"pending"`
	Quarantine Quarantine     `json:"quarantine"`
	// Directory is what the site's domain says of one that waits.
	Directory directory.Result `json:"directory,omitempty"`
	Enrolled  time.Time        `json:"enrolled"`
	Expires   time.Time        `json:"certificate_expires"`
}

// State is one word: pending, expired, clone or free.
func (a *Agent) State() string {
	switch {
	case a.Quarantine != Free:
		return string(a.Quarantine)
	case a.Pending:
		return "pending"
	}
	return "free"
}

// List gives every agent, those that are held first. It works beside a running
// appliance.
func List(ctx context.Context, st *store.Store) ([]Agent, error) {
	rows, err := st.Reader().QueryContext(ctx, `SELECT a.agent_id, a.host_id, coalesce(h.hostname, ''), coalesce(h.domain, ''), coalesce(h.os, ''),
		coalesce(h.ad_object_guid, ''), a.tier, a.pending, a.quarantine, a.enrolled_ms, a.not_after_ms
		FROM agent a LEFT JOIN host h ON h.host_id = a.host_id
		ORDER BY a.quarantine = 'clone' DESC, a.pending DESC, a.quarantine DESC, a.enrolled_ms`)
	if err != nil {
		return nil, fmt.Errorf("listing agents: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	var all []Agent
	for rows.Next() {
		var a Agent
		var enrolled, expires int64
		if err := rows.Scan(&a.ID, &a.HostID, &a.Hostname, &a.Domain, &a.OS, &a.ADObjectID, &a.Cap, &a.Pending, &a.Quarantine, &enrolled, &expires); err != nil {
			return nil, fmt.Errorf("listing agents: %w", err)
		}
		a.Enrolled, a.Expires = time.UnixMilli(enrolled).UTC(), time.UnixMilli(expires).UTC()
		all = append(all, a)
	}
	return all, rows.Err()
}
