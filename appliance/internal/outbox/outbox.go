// Package outbox is evidence on its way: a row in state.db per bundle to make,
// written by the transaction that made the bundle necessary, and removed once
// the evidence log acknowledged it (DESIGN D24). The row's id is the bundle's, a
// UUIDv5 of its event key, so doing anything twice gives one bundle.
//
// A row's body is the JSON of a bundle.Bundle as encoding/json gives it; kind,
// incident and level stand beside it. Anyone with a transaction may Add; Run is
// the one that empties it.
package outbox

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
)

//go:embed schema.sql
var schema string

// Schema are this package's tables.
var Schema = store.Schema{Owner: "outbox", Steps: []string{schema}}

// Draft is a bundle encoded outside the transaction, because the writer's time is
// what everybody shares. What only the transaction knows is set by its fields.
type Draft struct {
	ID         string
	Kind       string
	IncidentID string
	Level      string
	madeMs     int64
	keyed      bool
	body       []byte
}

// Prepare encodes a bundle. The draft's own fields win over the bundle's.
func Prepare(b *bundle.Bundle) (*Draft, error) {
	body, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("encoding draft %s: %w", b.BundleID, err)
	}
	return &Draft{
		ID: b.BundleID, Kind: b.Kind, IncidentID: b.IncidentID, Level: b.Level, madeMs: int64(b.MadeTime),
		keyed: b.Seq > 0, body: body,
	}, nil
}

// Size is the bytes of the encoded body.
func (d *Draft) Size() int { return len(d.body) }

// Add puts the draft into the outbox inside tx. A bundle id of our own acts that
// waits already stays as it is; a record of a queue is added by the transaction
// that moves its mark, and so once.
func (d *Draft) Add(ctx context.Context, tx *store.Tx) error {
	_, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO outbox (id, keyed, made_ms, kind, incident_id, level, draft) VALUES (?, ?, ?, ?, ?, ?, ?)",
		d.ID, d.keyed, d.madeMs, d.Kind, d.IncidentID, d.Level, d.body)
	if err != nil {
		return fmt.Errorf("queueing bundle %s: %w", d.ID, err)
	}
	return nil
}

// Add prepares a bundle and puts it into the outbox inside tx.
func Add(ctx context.Context, tx *store.Tx, b *bundle.Bundle) error {
	d, err := Prepare(b)
	if err != nil {
		return err
	}
	return d.Add(ctx, tx)
}

// Evidence is the log. AddAll returns when every draft is durable and covered by
// a checkpoint; a bundle it has already gives its ack again, another event under
// the same id is evidence.ErrDifferent.
type Evidence interface {
	AddAll(ctx context.Context, drafts ...evidence.Draft) ([]evidence.Ack, error)
}

// batch is how many drafts go to the log at once: one group commit of it.
const batch = 256

// Outbox carries drafts to the log.
type Outbox struct {
	store    *store.Store
	evidence Evidence
	log      *slog.Logger
	wake     chan struct{}

	mu      sync.Mutex
	failing error // of the newest try, nil when it went well
}

// New makes the carrier.
func New(st *store.Store, evidence Evidence, log *slog.Logger) *Outbox {
	return &Outbox{store: st, evidence: evidence, log: log.With("component", "outbox"), wake: make(chan struct{}, 1)}
}

// Wake says that there may be rows.
func (o *Outbox) Wake() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// Waiting counts the rows.
func (o *Outbox) Waiting(ctx context.Context) (n uint64, err error) {
	err = o.store.Reader().QueryRowContext(ctx, "SELECT count(*) FROM outbox").Scan(&n)
	return n, err
}

// Failing tells why evidence is not logged now, nil when it is.
func (o *Outbox) Failing() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failing
}

func (o *Outbox) tried(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failing = err
}

// Holds reports whether a bundle of our own acts waits, that is, is not logged
// yet.
func (o *Outbox) Holds(ctx context.Context, bundleID string) (bool, error) {
	var n int
	err := o.store.Reader().QueryRowContext(ctx, "SELECT count(*) FROM outbox WHERE id = ? AND keyed = 0", bundleID).Scan(&n)
	return n > 0, err
}

// idlePoll finds rows that nobody woke us for, such as another process's.
const idlePoll = time.Second

// Run empties the outbox, oldest first, until ctx ends. An error of the log is
// logged and tried again after a second: evidence waits, nothing is lost.
func (o *Outbox) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-o.wake:
		case <-timer.C:
		}
		for {
			n, err := o.Carry(ctx)
			if ctx.Err() == nil {
				o.tried(err)
			}
			if err != nil && ctx.Err() == nil {
				o.log.ErrorContext(ctx, "evidence not logged", "error", err)
			}
			if n == 0 || err != nil {
				break
			}
		}
		timer.Reset(idlePoll)
	}
}

// Carry moves one batch and says how many rows it was.
func (o *Outbox) Carry(ctx context.Context) (int, error) {
	drafts, last, err := o.read(ctx)
	if err != nil || len(drafts) == 0 {
		return 0, err
	}
	acks, err := o.evidence.AddAll(ctx, drafts...)
	if errors.Is(err, evidence.ErrDifferent) {
		acks, err = o.oneByOne(ctx, drafts)
	}
	if err != nil {
		return 0, err
	}
	err = o.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM outbox WHERE n <= ?", last)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("emptying outbox: %w", err)
	}
	o.say(ctx, drafts, acks)
	return len(drafts), nil
}

// oneByOne finds the draft whose event the log holds with other words: state.db
// alone was restored from a copy, and an agent sent again what had been proved.
// The log is right and the draft goes.
func (o *Outbox) oneByOne(ctx context.Context, drafts []evidence.Draft) ([]evidence.Ack, error) {
	acks := make([]evidence.Ack, len(drafts))
	for i, d := range drafts {
		got, err := o.evidence.AddAll(ctx, d)
		switch {
		case errors.Is(err, evidence.ErrDifferent):
			o.log.WarnContext(ctx, "evidence was logged before with other content", "bundle_id", d.Bundle.BundleID)
		case err != nil:
			return nil, err
		default:
			acks[i] = got[0]
		}
	}
	return acks, nil
}

func (o *Outbox) say(ctx context.Context, drafts []evidence.Draft, acks []evidence.Ack) {
	if !o.log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	for i, a := range acks {
		if a.Origin == "" {
			continue
		}
		b := &drafts[i].Bundle
		o.log.InfoContext(ctx, "evidence logged", "bundle_id", a.BundleID, "kind", b.Kind, "host_id", b.HostID,
			"check", b.CheckID, "incident_id", b.IncidentID, "origin", a.Origin, "index", a.Index)
	}
}

func (o *Outbox) read(ctx context.Context) (drafts []evidence.Draft, last int64, err error) {
	rows, err := o.store.Reader().QueryContext(ctx, "SELECT n, kind, incident_id, level, draft FROM outbox ORDER BY n LIMIT ?", batch)
	if err != nil {
		return nil, 0, fmt.Errorf("reading outbox: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	for rows.Next() {
		var draft []byte
		var d evidence.Draft
		var kind, incidentID, level string
		if err := rows.Scan(&last, &kind, &incidentID, &level, &draft); err != nil {
			return nil, 0, fmt.Errorf("reading outbox: %w", err)
		}
		if err := json.Unmarshal(draft, &d.Bundle); err != nil {
			return nil, 0, fmt.Errorf("reading outbox row %d: %w", last, err)
		}
		d.Bundle.Kind, d.Bundle.IncidentID, d.Bundle.Level = kind, incidentID, level
		drafts = append(drafts, d)
	}
	return drafts, last, rows.Err()
}
