package host

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/osiriscare/osiris/appliance/internal/store"
)

const columns = `host_id, source, agent_id, hostname, domain, os, os_version, arch, agent_version,
	machine_guid, smbios_uuid, machine_sid, ad_object_guid, first_seen_ms, last_seen_ms, dropped`

func insert(ctx context.Context, tx *store.Tx, h *Host) error {
	agent := sql.NullString{String: h.AgentID, Valid: h.AgentID != ""}
	_, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO host ("+columns+") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		h.ID, h.Source, agent, h.Hostname, h.Domain, h.OS, h.OSVersion, h.Arch, h.AgentVersion,
		h.MachineGUID, h.SMBIOSUUID, h.MachineSID, h.ADObjectGUID, h.FirstSeenMs, h.LastSeenMs, int64(h.Dropped)) //nolint:gosec // a count
	if err != nil {
		return fmt.Errorf("storing host %s: %w", h.ID, err)
	}
	return nil
}

func update(ctx context.Context, tx *store.Tx, h *Host) error {
	_, err := tx.ExecContext(ctx, `UPDATE host SET hostname = ?, domain = ?, os = ?, os_version = ?, arch = ?, agent_version = ?,
		machine_guid = ?, smbios_uuid = ?, machine_sid = ?, ad_object_guid = ?, last_seen_ms = ?, dropped = ? WHERE host_id = ?`,
		h.Hostname, h.Domain, h.OS, h.OSVersion, h.Arch, h.AgentVersion,
		h.MachineGUID, h.SMBIOSUUID, h.MachineSID, h.ADObjectGUID, h.LastSeenMs, int64(h.Dropped), h.ID) //nolint:gosec // a count
	if err != nil {
		return fmt.Errorf("storing host %s: %w", h.ID, err)
	}
	return nil
}

func scan(rows *sql.Rows) (*Host, error) {
	h := &Host{}
	var agent sql.NullString
	err := rows.Scan(&h.ID, &h.Source, &agent, &h.Hostname, &h.Domain, &h.OS, &h.OSVersion, &h.Arch, &h.AgentVersion,
		&h.MachineGUID, &h.SMBIOSUUID, &h.MachineSID, &h.ADObjectGUID, &h.FirstSeenMs, &h.LastSeenMs, &h.Dropped)
	h.AgentID = agent.String
	return h, err
}
