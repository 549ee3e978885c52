package host

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/id"
	"github.com/osiriscare/osiris/appliance/internal/store"
)

// SourceTarget is a host that is reached without an agent.
const SourceTarget = "target"

// targetSchema ties targets to their hosts for good. An alias says that one host
// is another: rows are added and never changed (DESIGN D16).
const targetSchema = `
CREATE TABLE host_target (target_id TEXT PRIMARY KEY, host_id TEXT NOT NULL, made_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE host_alias (
	host_id TEXT PRIMARY KEY, -- whose verdicts from made_ms on belong to
	same_as TEXT NOT NULL,
	reason  TEXT NOT NULL,
	made_ms INTEGER NOT NULL
) WITHOUT ROWID`

// Target is what is known of a host before it is asked. Its ID is its target's.
type Target struct {
	ID         string
	Hostname   string
	Domain     string
	OS         string
	DeviceType string // workstation or server
	ObjectGUID string // Active Directory's, if known
}

// readTargets reads which target is which host, and which hosts are the same.
func (r *Registry) readTargets(ctx context.Context) error {
	for query, into := range map[string]map[string]string{
		"SELECT target_id, host_id FROM host_target": r.targets,
		"SELECT host_id, same_as FROM host_alias":    r.aliases,
	} {
		rows, err := r.store.Reader().QueryContext(ctx, query)
		if err != nil {
			return fmt.Errorf("reading targets' hosts: %w", err)
		}
		for rows.Next() {
			var from, to string
			if err := rows.Scan(&from, &to); err != nil {
				_ = rows.Close()
				return fmt.Errorf("reading targets' hosts: %w", err)
			}
			into[from] = to
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("reading targets' hosts: %w", err)
		}
		_ = rows.Close()
	}
	return nil
}

// Target finds or makes the record of a target. It is an agent's host only if
// Active Directory gives both the same object GUID, and to no other agent; from
// then on for good.
func (r *Registry) Target(ctx context.Context, t Target) (Host, error) {
	h, same, known := r.target(t)
	if known && same == "" {
		return h, nil
	}
	now := time.Now().UnixMilli()
	made := h
	if !known {
		made = Host{
			ID: id.New(id.Host), Source: SourceTarget, Hostname: clean(t.Hostname), Domain: clean(t.Domain), OS: t.OS,
			ADObjectGUID: clean(t.ObjectGUID), FirstSeenMs: now, // it is seen when it answers
		}
	}
	err := r.store.Write(ctx, func(tx *store.Tx) error {
		if !known {
			if err := insert(ctx, tx, &made); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO host_target (target_id, host_id, made_ms) VALUES (?,?,?)", t.ID, made.ID, now); err != nil {
				return err
			}
		}
		if same == "" {
			return nil
		}
		_, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO host_alias (host_id, same_as, reason, made_ms) VALUES (?,?,?,?)",
			made.ID, same, "object GUID "+strings.ToLower(clean(t.ObjectGUID)), now)
		return err
	})
	if err != nil {
		return Host{}, fmt.Errorf("storing the host of target %s: %w", t.ID, err)
	}
	r.mu.Lock()
	if !known {
		r.index(&made)
		r.targets[t.ID] = made.ID
	}
	if same != "" {
		r.aliases[made.ID] = same
	}
	r.mu.Unlock()
	h, _, _ = r.target(t)
	return h, nil
}

// target is the target's host as it is known, and which agent's host it turns out
// to be.
func (r *Registry) target(t Target) (h Host, same string, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	hostID, known := r.targets[t.ID]
	if known {
		if alias := r.aliases[hostID]; alias != "" {
			hostID = alias
		} else {
			same = r.agentOf(t.ObjectGUID)
		}
	} else {
		same = r.agentOf(t.ObjectGUID)
	}
	own := r.hosts[hostID]
	if own == nil {
		return Host{DeviceType: t.DeviceType}, same, false
	}
	if own.Source == SourceTarget && (own.Hostname != clean(t.Hostname) || own.Domain != clean(t.Domain) || own.ADObjectGUID != clean(t.ObjectGUID)) {
		own.Hostname, own.Domain, own.ADObjectGUID = clean(t.Hostname), clean(t.Domain), clean(t.ObjectGUID)
		r.dirty[own.ID] = true
	}
	h = *own
	h.DeviceType = t.DeviceType
	return h, same, true
}

// OfTarget is the host of a target that was asked once, or "".
func (r *Registry) OfTarget(targetID string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	hostID := r.targets[targetID]
	if alias := r.aliases[hostID]; alias != "" {
		return alias
	}
	return hostID
}

// agentOf is the one agent's host with this object GUID, or "". One that is held, or
// that the site's domain does not confirm, may state whose it likes, so it neither is
// the host nor makes it doubtful.
func (r *Registry) agentOf(objectGUID string) (found string) {
	if objectGUID == "" {
		return ""
	}
	for _, h := range r.agents {
		if !strings.EqualFold(h.ADObjectGUID, objectGUID) || r.claims(h) == "" {
			continue
		}
		if found != "" {
			return ""
		}
		found = h.ID
	}
	return found
}

// Answered records that a target's host answered.
func (r *Registry) Answered(hostID string, nowMs int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h := r.hosts[hostID]; h != nil {
		h.LastSeenMs = max(h.LastSeenMs, nowMs)
		r.dirty[h.ID] = true
	}
}
