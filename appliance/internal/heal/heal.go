// Package heal decides what is done about an open incident and sees it through
// (DESIGN §3, D8, D14, D28). A rule picks a catalogued runbook; the signed
// policy's tier, the rule's cooldown and flap detection may forbid it; what is
// forbidden or fails goes to a person, with a reason. A command is a row and a
// piece of evidence before it is sent, is sent again on every new session, and
// keeps its id, so that a crash at any point runs nothing twice.
//
// Success must be stated: only a result that names a passing verify heals. Times
// are Unix milliseconds of the appliance's clock.
package heal

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/rule"
	"github.com/osiriscare/osiris/shared/runbook"
)

// Waits, each with its reason.
const (
	idle        = 30 * time.Second       // nothing is due; a wake comes sooner
	evidenceGap = 20 * time.Millisecond  // the order's evidence is about to be logged
	awayGap     = 5 * time.Second        // a new session wakes us anyway
	grace       = 60 * time.Second       // beyond the runbook's own limit, for the queue
	flapWindow  = 120 * time.Minute      // domain facts on flap suppression
	flapHeals   = 3                      // heals of one check on one host in the window
	roundLimit  = 256                    // incidents or commands looked at in a round
	retryGap    = 500 * time.Millisecond // the store or rules gave an error
)

// Rules pick the runbook for a drift.
type Rules interface {
	Pick(ctx context.Context, in rule.Input, now time.Time, history rule.History) rule.Decision
}

// Policy is the site's signed settings.
type Policy interface {
	TierOf(agentID string, nowMs int64) trustlite.Tier
	PolicyVersion() uint64
}

// Outbox says what evidence is not logged yet, and is woken when there is more.
type Outbox interface {
	Holds(ctx context.Context, bundleID string) (bool, error)
	Wake()
}

// Runner is a road to hosts.
type Runner interface {
	Run(ctx context.Context, target remote.Target, run remote.Run) (remote.Delivery, error)
}

// Deps are what a Healer works with.
type Deps struct {
	Store     *store.Store
	Rules     Rules
	Policy    Policy
	Catalogue *runbook.Catalogue
	Outbox    Outbox
	Runner    Runner
	Targets   Targets // nil where nothing is scanned without an agent
	Log       *slog.Logger
}

// Healer is the decision loop.
type Healer struct {
	Deps
	wake chan struct{}
}

// New makes a healer; Run starts it.
func New(d Deps) *Healer {
	d.Log = d.Log.With("component", "heal")
	return &Healer{Deps: d, wake: make(chan struct{}, 1)}
}

// Wake makes Run look at once: an incident changed, a session opened, a policy
// came. It never blocks.
func (h *Healer) Wake() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Run decides and sends until ctx ends. Errors of a round are logged and the
// round is repeated: nothing is lost, since all state is in the store.
func (h *Healer) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.wake:
		case <-timer.C:
		}
		wait, err := h.round(ctx)
		if err != nil && !errors.Is(err, context.Canceled) {
			h.Log.ErrorContext(ctx, "healing round ended early", "error", err)
			wait = retryGap
		}
		timer.Reset(wait)
	}
}

// round looks at everything once and says when to look again.
func (h *Healer) round(ctx context.Context) (time.Duration, error) {
	now := time.Now().UnixMilli()
	decided, err := h.decideAll(ctx, now)
	if err != nil {
		return 0, err
	}
	delivered, err := h.deliverAll(ctx, now)
	return min(idle, decided, delivered), err
}
