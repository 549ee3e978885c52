// Package order carries out what people at Central order: a runbook on a host
// without an agent, or that an SSH host's pinned key is forgotten (DESIGN D13,
// D26). An order is believed when Central's online key signed it for this site
// and appliance. It is taken once: its sequence must be above all that were taken,
// which state.db remembers over restarts. It begins within its window or never,
// with evidence in the log before anything runs, and runs once however often the
// appliance is restarted, because the executor's journal knows its id.
//
// Orders is the table and the uplink's setting: it takes what a check-in brings
// and reports what became of it until Central confirms. Runner works on what was
// taken. An order that is refused has a result too, which says why and what to do.
// Times are Unix milliseconds.
package order

import (
	"context"
	_ "embed"
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/store"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

//go:embed schema.sql
var schema string

// Schema are this package's tables.
var Schema = store.Schema{Owner: "order", Steps: []string{schema}}

// state is how far an order has come.
type state string

const (
	taken   state = "taken"   // nothing was decided yet
	running state = "running" // its evidence is on its way, or it has begun
	done    state = "done"    // there is a result
)

// row is an order with what became of it.
type row struct {
	ID      string
	Order   *centralv1.Order
	State   state
	TakenMs int64
	BegunMs int64
	EndedMs int64
	Detail  string
	// Result is what is about to be done to a host key until the order is done.
	Result   *centralv1.OrderResult
	body     []byte
	sequence int64
}

// Orders has what was ordered.
type Orders struct {
	store  *store.Store
	opener Opener
	cfg    Config

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when there is more to do
}

// Config says whose orders are taken.
type Config struct{ SiteID, ApplianceID, Version string }

// New makes the table's keeper.
func New(cfg Config, st *store.Store, opener Opener) *Orders {
	return &Orders{cfg: cfg, store: st, opener: opener, changed: make(chan struct{})}
}

// Changed is closed when something was taken after the call.
func (o *Orders) Changed() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.changed
}

func (o *Orders) wake() {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
}

const columns = "id, sequence, state, body, taken_ms, begun_ms, ended_ms, detail, result"

func scan(from interface{ Scan(...any) error }) (*row, error) {
	r := &row{Order: &centralv1.Order{}}
	var result []byte
	if err := from.Scan(&r.ID, &r.sequence, &r.State, &r.body, &r.TakenMs, &r.BegunMs, &r.EndedMs, &r.Detail, &result); err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(r.body, r.Order); err != nil {
		return nil, fmt.Errorf("reading order %s: %w", r.ID, err)
	}
	if len(result) == 0 {
		return r, nil
	}
	r.Result = &centralv1.OrderResult{}
	if err := proto.Unmarshal(result, r.Result); err != nil {
		return nil, fmt.Errorf("reading the result of order %s: %w", r.ID, err)
	}
	return r, nil
}

// list reads rows that Central has no result of, oldest first.
func (o *Orders) list(ctx context.Context, where string, limit int) (out []*row, err error) {
	rows, err := o.store.Reader().QueryContext(ctx, "SELECT "+columns+" FROM central_order WHERE told = 0"+where+" ORDER BY sequence LIMIT ?", limit)
	if err != nil {
		return nil, fmt.Errorf("reading orders: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// open are the orders that are not done.
func (o *Orders) open(ctx context.Context) ([]*row, error) {
	return o.list(ctx, " AND state <> 'done'", maxOpen)
}

// newest is the highest sequence that was taken, 0 before the first.
func (o *Orders) newest(ctx context.Context) (sequence int64, err error) {
	err = o.store.Reader().QueryRowContext(ctx, "SELECT coalesce(max(sequence), 0) FROM central_order").Scan(&sequence)
	if err != nil {
		return 0, fmt.Errorf("reading orders: %w", err)
	}
	return sequence, nil
}

// save keeps how far an order has come, inside tx.
func (r *row) save(ctx context.Context, tx *store.Tx) error {
	var result []byte
	if r.Result != nil {
		var err error
		if result, err = proto.Marshal(r.Result); err != nil {
			return fmt.Errorf("writing the result of order %s: %w", r.ID, err)
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO central_order (`+columns+`, told) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, begun_ms = excluded.begun_ms, ended_ms = excluded.ended_ms,
		detail = excluded.detail, result = excluded.result`,
		r.ID, r.sequence, string(r.State), r.body, r.TakenMs, r.BegunMs, r.EndedMs, r.Detail, append([]byte{}, result...))
	if err != nil {
		return fmt.Errorf("keeping order %s: %w", r.ID, err)
	}
	return nil
}
