package update

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/store"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// Ring is a share of the agents, and how long it must have been open before the
// next one opens.
type Ring struct {
	// Percent of the agents of a system, those of the rings before included.
	Percent int
	// Hosts, by agent id or host name in any case, are in this ring and in none
	// before it, whatever the percentages.
	Hosts []string
	Wait  time.Duration
}

// DefaultRings suit a practice of a dozen machines: the first is one of them.
func DefaultRings() []Ring {
	return []Ring{{Percent: 5, Wait: 24 * time.Hour}, {Percent: 25, Wait: 24 * time.Hour}, {Percent: 100}}
}

// Halt says when a program goes no further: when at least Count agents, and more
// than Percent of those that tried, had to put the old program back.
type Halt struct{ Count, Percent int }

// DefaultHalt stops a small practice at the first.
func DefaultHalt() Halt { return Halt{Count: 1, Percent: 2} }

// heardOf is how long an agent that does not ask any more counts.
const heardOf = 30 * 24 * time.Hour

// asker is an agent as it describes itself.
type asker struct {
	id, os, arch, version string
	built                 int64
	host                  host.Host // zero when it is not known
}

// stateTrial is not an end: the agent runs the program, which has not proved
// itself yet.
const stateTrial = compliancev1.UpdateState_UPDATE_STATE_TRIAL

// note keeps that the agent asked and what it tells, with evidence of what is new.
func (u *Update) note(ctx context.Context, a asker, o *compliancev1.UpdateOutcome) error {
	now := u.now().UnixMilli()
	told := o != nil && len(o.GetSha256()) == sha256.Size && o.GetState() != compliancev1.UpdateState_UPDATE_STATE_UNSPECIFIED
	news := false
	err := u.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO update_agent (agent_id, os, arch, version, built, asked_ms) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (agent_id) DO UPDATE SET os = excluded.os, arch = excluded.arch, version = excluded.version,
			built = excluded.built, asked_ms = excluded.asked_ms`, a.id, a.os, a.arch, a.version, a.built, now)
		if err != nil || !told {
			return err
		}
		if news, err = result(ctx, tx, a.id, o, now); err != nil || !news {
			return err
		}
		if !u.tellers.allow(a.id, u.now()) {
			return errFlood
		}
		return u.Drafts(ctx, tx, u.told(a, o))
	})
	if errors.Is(err, errFlood) {
		u.log.WarnContext(ctx, "agent tells too much of updates", "agent_id", a.id)
		return nil
	}
	if err != nil {
		return fmt.Errorf("keeping an agent's update: %w", err)
	}
	if news {
		u.log.InfoContext(ctx, "agent update told", "agent_id", a.id, "agent_version", a.version, "state", o.GetState().String(),
			"reason", cut(o.GetReason()), "program", name(o.GetSha256()))
	}
	return nil
}

// result keeps what an agent tells of a program, and reports whether it is new:
// agents repeat themselves with every question.
func result(ctx context.Context, tx *store.Tx, agentID string, o *compliancev1.UpdateOutcome, now int64) (bool, error) {
	// A trial after a failure leaves the failure: it counts until another end.
	query := `INSERT INTO update_result (sha256, agent_id, state, reason, failures, told_ms, forgiven, trying) VALUES (?, ?, ?, ?, ?, ?, 0, 1)
		ON CONFLICT (sha256, agent_id) DO UPDATE SET trying = 1 WHERE trying = 0`
	if o.GetState() != stateTrial {
		query = `INSERT INTO update_result (sha256, agent_id, state, reason, failures, told_ms, forgiven) VALUES (?, ?, ?, ?, ?, ?, 0)
			ON CONFLICT (sha256, agent_id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
			failures = excluded.failures, told_ms = excluded.told_ms, forgiven = 0, trying = 0
			WHERE state <> excluded.state OR failures <> excluded.failures OR trying = 1`
	}
	r, err := tx.ExecContext(ctx, query, o.GetSha256(), agentID, int32(o.GetState()), cut(o.GetReason()), o.GetFailures(), now)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}

// cut bounds what an agent says.
func cut(s string) string {
	const most = 512
	return strings.ToValidUTF8(s[:min(len(s), most)], "")
}

// turn tells whether the agent may have the program now.
func (u *Update) turn(ctx context.Context, a asker, t *trustv1.ReleaseFile) (bool, error) {
	now := u.now().UnixMilli()
	turn := false
	err := u.Store.Write(ctx, func(tx *store.Tx) error {
		all, err := u.members(ctx, tx, a, t.GetSha256(), now)
		if err != nil {
			return err
		}
		ring, open, err := u.advance(ctx, tx, t, all, now)
		if err != nil || !open {
			return err
		}
		for _, m := range all {
			turn = turn || m.id == a.id && m.ring <= ring
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("choosing who is updated: %w", err)
	}
	return turn, nil
}

// advance opens the next ring when it is time, and halts what fails.
func (u *Update) advance(ctx context.Context, tx *store.Tx, t *trustv1.ReleaseFile, all []member, now int64) (ring int, open bool, err error) {
	var since int64
	var halted string
	err = tx.QueryRowContext(ctx, "SELECT ring, open_ms, halted FROM update_ring WHERE sha256 = ?", t.GetSha256()).Scan(&ring, &since, &halted)
	if errors.Is(err, sql.ErrNoRows) {
		since = now
		_, err = tx.ExecContext(ctx, "INSERT INTO update_ring (sha256, ring, open_ms, halted) VALUES (?, 0, ?, '')", t.GetSha256(), now)
	}
	if err != nil || halted != "" {
		return 0, false, err
	}
	installed, failed, err := count(ctx, tx, t.GetSha256())
	if err != nil {
		return 0, false, err
	}
	if failed >= u.Halt.Count && failed*100 > (installed+failed)*u.Halt.Percent {
		halted = fmt.Sprintf("%d of %d agents put the old program back", failed, installed+failed)
		u.log.ErrorContext(ctx, "update halted", "version", t.GetRelease(), "program", name(t.GetSha256()), "reason", halted)
		_, err = tx.ExecContext(ctx, "UPDATE update_ring SET halted = ? WHERE sha256 = ?", halted, t.GetSha256())
		if err == nil {
			err = u.Drafts(ctx, tx, u.halt(t, ring, halted))
		}
		return 0, false, err
	}
	ring = min(ring, len(u.Rings)-1)
	ready := installed > 0 || !awaited(all, ring, now)
	if ring+1 < len(u.Rings) && ready && now-since >= u.Rings[ring].Wait.Milliseconds() {
		ring++
		u.log.InfoContext(ctx, "update goes on", "version", t.GetRelease(), "program", name(t.GetSha256()), "percent", u.Rings[ring].Percent, "installed", installed)
		_, err = tx.ExecContext(ctx, "UPDATE update_ring SET ring = ?, open_ms = ? WHERE sha256 = ?", ring, now, t.GetSha256())
	}
	return ring, true, err
}

// count is how the program did so far.
func count(ctx context.Context, tx *store.Tx, sum []byte) (installed, failed int, err error) {
	err = tx.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE state = ?), count(*) FILTER (WHERE state = ? AND forgiven = 0) FROM update_result WHERE sha256 = ?`,
		int32(compliancev1.UpdateState_UPDATE_STATE_INSTALLED), int32(compliancev1.UpdateState_UPDATE_STATE_ROLLED_BACK), sum).Scan(&installed, &failed)
	return installed, failed, err
}

// Resume lets a halted program, named by its SHA-256 in hexadecimal or the
// beginning of that, go on. What failed so far does not count any more; agents tell
// it again with every question.
func Resume(ctx context.Context, st *store.Store, program string) error {
	found := 0
	err := st.Write(ctx, func(tx *store.Tx) error {
		rows, err := tx.ExecContext(ctx, "UPDATE update_ring SET halted = '' WHERE halted <> '' AND lower(hex(sha256)) LIKE ? || '%'", program)
		if err != nil {
			return err
		}
		n, err := rows.RowsAffected()
		if found = int(n); err != nil || n == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE update_result SET forgiven = 1 WHERE lower(hex(sha256)) LIKE ? || '%'", program)
		return err
	})
	if err == nil && found == 0 {
		err = fmt.Errorf("resuming %s: %w", program, ErrUnknown)
	}
	return err
}
