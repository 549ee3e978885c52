package order

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/translog"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
)

// Waits.
const (
	evidenceGap = 100 * time.Millisecond // until the log has the order
	busyGap     = time.Second            // until the host is free
	pendingGap  = 5 * time.Second        // until a run that waits by itself has ended
	retryGap    = 5 * time.Second        // after a fault of our own
	// targetGrace is how long an order waits for its target: both may come with
	// one check-in, in any order.
	targetGrace = 10 * time.Second
)

// Executor runs runbooks: *script.Executor does.
type Executor interface {
	Execute(ctx context.Context, job script.Job) (*drift.Result, error)
	Known(ctx context.Context, command [16]byte) (begun bool, waits string, err error)
}

// Outbox is evidence on its way.
type Outbox interface {
	Holds(ctx context.Context, bundleID string) (bool, error)
	Wake()
}

// Logged reads a logged bundle, or translog.ErrNotFound; *evidence.Evidence is
// one.
type Logged interface {
	Get(ctx context.Context, id [16]byte) (translog.Row, error)
}

// Hosts has the host record of a target.
type Hosts interface {
	Target(ctx context.Context, t host.Target) (host.Host, error)
}

// HostKeys are the pins of SSH hosts: *ssh.KnownHosts has them.
type HostKeys interface {
	Known(ctx context.Context, address string) ([]byte, error)
	Reset(ctx context.Context, address string) (bool, error)
	Replace(ctx context.Context, address string, key []byte) error
}

// Shower asks an SSH host for its keys: *ssh.Road does.
type Shower interface {
	Shown(ctx context.Context, e ssh.Endpoint, want func(fingerprint string) bool) ([]byte, error)
}

// Versions says under which signed documents something was done.
type Versions interface {
	Versions() (trust, policy uint64)
}

// Deps are what a Runner works with.
type Deps struct {
	Orders    *Orders
	Executor  Executor
	Targets   script.Targets
	Hosts     Hosts
	Policy    script.Policy
	Catalogue *runbook.Catalogue
	Outbox    Outbox
	Logged    Logged
	Keys      HostKeys
	Shower    Shower
	Versions  Versions
	Poke      func() // asks for a check-in: people at Central wait
	Log       *slog.Logger
}

// Runner carries orders out, one at a time on a target.
type Runner struct {
	Deps
	work sync.WaitGroup

	mu     sync.Mutex
	active map[string]*active // by order id
}

// active is an order at work.
type active struct {
	target string
	aside  bool // it waits by itself and lets others on
}

// NewRunner makes a runner; Run starts it.
func NewRunner(d Deps) *Runner {
	d.Log = d.Log.With("component", "order")
	return &Runner{Deps: d, active: map[string]*active{}}
}

// Run carries out what was taken until ctx ends, and waits for what is at work,
// which ends with it and goes on after the next start.
func (r *Runner) Run(ctx context.Context) error {
	defer r.work.Wait()
	for {
		changed := r.Orders.Changed()
		wait := time.Hour
		if err := r.begin(ctx); err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "looking for orders", "error", err)
			wait = retryGap
		}
		timer := time.NewTimer(wait)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		timer.Stop()
	}
}

// begin starts what is open, in the order of the sequences; a target whose order
// is at work keeps its later ones waiting.
func (r *Runner) begin(ctx context.Context) error {
	r.mu.Lock() // before reading: what ends meanwhile stays active until it was passed over
	defer r.mu.Unlock()
	open, err := r.Orders.open(ctx)
	if err != nil {
		return err
	}
	for _, o := range open {
		if r.active[o.ID] != nil || r.occupied(o.Order.GetTargetId()) {
			continue
		}
		r.active[o.ID] = &active{target: o.Order.GetTargetId()}
		r.work.Go(func() { r.carry(ctx, o) })
	}
	return nil
}

// occupied is called with mu held.
func (r *Runner) occupied(target string) bool {
	for _, a := range r.active {
		if a.target == target && !a.aside {
			return true
		}
	}
	return false
}

// carry brings an order to its end.
func (r *Runner) carry(ctx context.Context, o *row) {
	defer r.leave(o)
	for o.State != done && ctx.Err() == nil {
		wait, err := r.step(ctx, o, time.Now().UnixMilli())
		if err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "carrying out an order", "order_id", o.ID, "error", err)
			wait = retryGap
		}
		sleep(ctx, wait)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// leave ends what carry began and lets the target's next one in.
func (r *Runner) leave(o *row) {
	r.mu.Lock()
	delete(r.active, o.ID)
	r.mu.Unlock()
	r.Orders.wake()
}

// stepAside lets other orders of the target on.
func (r *Runner) stepAside(o *row) {
	r.mu.Lock()
	a := r.active[o.ID]
	news := a != nil && !a.aside
	if news {
		a.aside = true
	}
	r.mu.Unlock()
	if news {
		r.Orders.wake()
	}
}

// step brings an order one step on and says when to look again.
func (r *Runner) step(ctx context.Context, o *row, nowMs int64) (time.Duration, error) {
	switch o.State {
	case taken:
		return r.admit(ctx, o, nowMs)
	case running:
		return r.proceed(ctx, o, nowMs)
	case done:
	}
	return 0, nil
}

// proceed works on an order whose evidence was written.
func (r *Runner) proceed(ctx context.Context, o *row, nowMs int64) (time.Duration, error) {
	// Logged before it runs (D26).
	if waiting, err := r.Outbox.Holds(ctx, o.orderBundle()); err != nil || waiting {
		return evidenceGap, err
	}
	switch what := o.Order.GetWhat().(type) {
	case *centralv1.Order_Runbook:
		return r.runbook(ctx, o, what.Runbook, nowMs)
	case *centralv1.Order_HostKey:
		return 0, r.hostKey(ctx, o, what.HostKey, nowMs)
	}
	return 0, r.refuse(ctx, o, nowMs, refusal{why: notKnown})
}

// write keeps how far an order has come, with what else the transaction holds.
func (r *Runner) write(ctx context.Context, o *row, more func(ctx context.Context, tx *store.Tx) error) error {
	err := r.Orders.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if more != nil {
			if err := more(ctx, tx); err != nil {
				return err
			}
		}
		return o.save(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("keeping order %s: %w", o.ID, err)
	}
	if more != nil {
		r.Outbox.Wake()
	}
	r.Poke()
	return nil
}

// waits keeps what an order waits for, when that is news.
func (r *Runner) waits(ctx context.Context, o *row, why string) error {
	if o.Detail == why {
		return nil
	}
	o.Detail = why
	return r.write(ctx, o, nil)
}
