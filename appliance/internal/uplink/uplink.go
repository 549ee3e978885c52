// Package uplink is the appliance's road to Central Command (DESIGN D10, D31,
// D32): the claim, the check-in that brings signed settings, and the evidence
// going up to be verified, stored and cosigned. Everything works without
// Central; evidence waits in the log until it comes back. What Central refuses is
// not "away": it will not change by waiting, so it is an error that status shows.
//
// Central is found by the address and the TLS pin of the provisioning string;
// the pin is the SHA-256 of a SubjectPublicKeyInfo in the chain that Central
// sends. What Central says about keys is believed only when the pinned root
// signed for it. Times are Unix milliseconds.
package uplink

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/identity"
	"github.com/osiriscare/osiris/appliance/internal/policy"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// Waits, each with its reason.
const (
	callTime     = 30 * time.Second // one call; a batch of evidence is 1 MB at most
	retryLeast   = time.Second      // Central away: first wait
	retryMost    = time.Minute      // Central away: longest wait
	checkInLeast = time.Second      // between two check-ins that changes ask for
)

// State is what a check-in tells.
type State interface {
	Hosts() []*centralv1.HostStatus
	OpenIncidents(ctx context.Context) (uint32, error)
	Waiting(ctx context.Context) (uint64, error) // bundles not logged yet
}

// Decider takes what people at Central decided about agents; *enroll.Enroll is
// one.
type Decider interface {
	Decided(ctx context.Context) (version uint64, err error)
	Obey(ctx context.Context, decisions []*trustv1.SignedEnvelope) (taken int, err error)
}

// Renewed is told of a re-issued intermediate certificate.
type Renewed func(*identity.Identity) error

// Deps is what an Uplink needs.
type Deps struct {
	Identity *identity.Identity
	Policy   *policy.Holder
	Log      Log
	Evidence Reconciler
	State    State
	Agents   Decider
	Settings []Setting
	Renewed  Renewed
	Restored Restored
	Interval time.Duration // between check-ins
	Hostname string
	Version  string
	Logger   *slog.Logger
}

// Uplink talks to Central.
type Uplink struct {
	Deps
	client  centralv1connect.ApplianceServiceClient
	ident   atomic.Pointer[identity.Identity]
	started time.Time
	poke    chan struct{}
	log     *slog.Logger

	mu         sync.Mutex
	standing   standing
	reconciled bool
}

// New makes an uplink; nothing is sent before Run or Begin.
func New(d Deps) (*Uplink, error) {
	u := &Uplink{Deps: d, started: time.Now(), poke: make(chan struct{}, 1), log: d.Logger.With("component", "uplink")}
	u.ident.Store(d.Identity)
	client, err := newClient(d.Identity.Provision, u.ident.Load)
	u.client = client
	return u, err
}

// Poke asks for a check-in soon: something changed that people look at.
func (u *Uplink) Poke() {
	select {
	case u.poke <- struct{}{}:
	default:
	}
}

// Run checks in and sends evidence until ctx ends. Nothing that Central does or
// fails to do ends it.
func (u *Uplink) Run(ctx context.Context) error {
	var group sync.WaitGroup
	group.Go(func() { u.checkIns(ctx) })
	group.Go(func() { u.send(ctx) })
	group.Wait()
	return nil
}

// backoff waits longer each time, with jitter so that many appliances do not
// come back at once. It reports whether ctx still runs.
type backoff struct{ wait time.Duration }

func (b *backoff) reset() { b.wait = 0 }

func (b *backoff) sleep(ctx context.Context) bool {
	b.wait = min(max(2*b.wait, retryLeast), retryMost)
	return sleep(ctx, b.wait/2+rand.N(b.wait/2)) //nolint:gosec // spread, not a secret
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
