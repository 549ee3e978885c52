// Package evidence turns what happened into signed, logged bundles and their
// files (DESIGN D29-D33). Add signs in the caller's goroutine, hands the bytes
// to the log's one writer, and returns when they are durable and covered by a
// checkpoint. Reconcile compares the log with the witness after a start and
// refills it or opens a new epoch. Run also keeps the exported folders
// YYYY/MM/DD/<uuid>/ up to date; they are copies, made again when missing.
//
// Adding is idempotent by bundle id: the same event again gets the same ack,
// another event under the same id is ErrDifferent. Times are the appliance's.
// ErrNotEndorsed means the trust chain at hand does not name this appliance's
// bundle key and log key, so nobody could verify what would be written.
package evidence

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/clock"
	"github.com/osiriscare/osiris/appliance/internal/translog"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
	"golang.org/x/sync/errgroup"
)

// Errors that callers tell apart.
var (
	ErrDifferent   = errors.New("bundle id is taken by another event")
	ErrNotEndorsed = errors.New("trust chain does not name this appliance's evidence keys")
)

// Config says where evidence goes and whose it is.
type Config struct {
	Path        string // evidence.db
	Dir         string // root of the exported folders; empty exports nothing
	Origin      string // of the first log, as the claim gave it
	SiteID      string
	ApplianceID string
	Version     string            // of the program, for entry 0
	CommandKey  ed25519.PublicKey // named in entry 0
}

// Chain gives the newest trust chain: its exact protobuf bytes and what they
// say once verified. Both are kept by the caller and not changed.
type Chain interface {
	Newest() (chain []byte, opened *trust.Opened)
}

// Evidence is the appliance's evidence.
type Evidence struct {
	cfg   Config
	key   *signed.Key // signs bundles
	vkey  func(origin string) string
	chain Chain
	log   *slog.Logger
	tlog  *translog.Log
	clock *clock.Clock
	ready chan struct{} // closed once entry 0 is logged

	// epoch is held for reading from signing to the ack, and for writing while
	// the epoch changes: a bundle's trust chain must name the key of the log it
	// gets into.
	epoch sync.RWMutex

	mu   sync.Mutex
	last endorsed // guarded by mu
}

// endorsed remembers the chain that was last found to name our keys.
type endorsed struct {
	opened *trust.Opened
	origin string
}

// New opens the evidence of one appliance. bundleKey signs bundles, logKey
// checkpoints. Nothing is written before Run.
func New(ctx context.Context, cfg Config, bundleKey, logKey *signed.Key, chain Chain, log *slog.Logger) (*Evidence, error) {
	tl, err := translog.Open(ctx, cfg.Path, cfg.Origin, logKey)
	if err != nil {
		return nil, err
	}
	return &Evidence{
		cfg: cfg, key: bundleKey, chain: chain, tlog: tl, clock: clock.New(), ready: make(chan struct{}),
		log:  log.With("component", "evidence"),
		vkey: func(origin string) string { return logproof.LogVKey(origin, logKey.Public()) },
	}, nil
}

// Run writes until ctx ends: the log, its entry 0 when it is new, the exports.
func (e *Evidence) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return e.tlog.Run(ctx) })
	group.Go(func() error {
		if err := e.begin(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err() // asked to stop before entry 0 was logged; the next start logs it
			}
			return err
		}
		close(e.ready)
		return e.export(ctx)
	})
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Close releases the database. Run must have ended.
func (e *Evidence) Close() error { return e.tlog.Close() }

// begin logs entry 0 of a new log.
func (e *Evidence) begin(ctx context.Context) error {
	now, _ := e.tlog.Status()
	if now.Size > 0 {
		return nil
	}
	record, err := e.record(now.Origin, e.epochBundle(now.Origin, bundle.Epoch{Reason: "first log of this appliance"}))
	if err != nil {
		return fmt.Errorf("making entry 0: %w", err)
	}
	if _, err := e.tlog.Append(ctx, record); err != nil {
		return fmt.Errorf("logging entry 0: %w", err)
	}
	return nil
}

// epochBundle is entry 0 of the log with this origin.
func (e *Evidence) epochBundle(origin string, epoch bundle.Epoch) bundle.Bundle {
	epoch.Origin = origin
	epoch.CommandKey = hex.EncodeToString(e.cfg.CommandKey)
	epoch.BundleKey = hex.EncodeToString(e.key.Public())
	epoch.LogVKey = e.vkey(origin)
	b := bundle.Bundle{
		BundleID: bundle.IDOf("epoch/" + origin), Kind: bundle.KindEpoch, Source: "appliance", Phase: "begin",
		Outcome: bundle.OutcomeNone, Epoch: &epoch, HIPAAControls: []string{"164.312(b)", "164.312(c)(1)"},
		Appliance: e.cfg.Version, Summary: "Evidence log " + origin + " begins: " + epoch.Reason + ".",
	}
	if _, opened := e.chain.Newest(); opened != nil {
		b.TrustVersion = opened.Doc.Version
	}
	return b
}

// record encodes and signs a bundle for the log with this origin.
func (e *Evidence) record(origin string, b bundle.Bundle) (*translog.Record, error) {
	chain, err := e.endorsement(origin)
	if err != nil {
		return nil, err
	}
	if b.SiteID == "" {
		b.SiteID = e.cfg.SiteID
	}
	if b.ApplianceID == "" {
		b.ApplianceID = e.cfg.ApplianceID
	}
	if b.MadeTime == 0 {
		b.MadeTime = bundle.At(time.Now())
	}
	if b.NTP == nil {
		b.NTP = e.measured()
	}
	id, err := bundle.RawID(b.BundleID)
	if err != nil {
		return nil, err
	}
	data, err := b.Encode()
	if err != nil {
		return nil, err
	}
	r := translog.NewRecord(id, day(b.MadeTime), data, bundle.Sign(data, e.key, chain).Marshal())
	return &r, nil
}

// measured is what is known of the clock; nil when nothing is.
func (e *Evidence) measured() *bundle.NTP {
	r := e.clock.Reading()
	if r == nil {
		return nil
	}
	return &bundle.NTP{
		Synchronised: r.Synchronised, Source: "kernel", OffsetMs: r.OffsetMs, MaxErrorMs: r.MaxErrorMs, MeasuredAt: bundle.At(r.MeasuredAt),
	}
}

// endorsement is the newest chain's bytes, if it names our keys for this origin.
func (e *Evidence) endorsement(origin string) ([]byte, error) {
	chain, opened := e.chain.Newest()
	e.mu.Lock()
	defer e.mu.Unlock()
	if opened != nil && e.last == (endorsed{opened, origin}) {
		return chain, nil
	}
	if opened == nil {
		return nil, ErrNotEndorsed
	}
	keys := opened.Appliance(e.key.ID())
	if keys == nil || keys.ApplianceId != e.cfg.ApplianceID || opened.Doc.SiteId != e.cfg.SiteID {
		return nil, ErrNotEndorsed
	}
	for _, v := range keys.LogVkeys {
		if v == e.vkey(origin) {
			e.last = endorsed{opened, origin}
			return chain, nil
		}
	}
	return nil, fmt.Errorf("%w: no log key for %s", ErrNotEndorsed, origin)
}

// day is the number of days since 1970 of a bundle's folder.
func day(t bundle.Time) int64 {
	const ms = 24 * 60 * 60 * 1000
	return int64(t) / ms
}
