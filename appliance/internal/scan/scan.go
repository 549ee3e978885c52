// Package scan asks hosts without an agent for their facts, again and again
// (DESIGN D16, D27): Windows and Linux servers, and workstations with five checks.
// One document of package runbook goes to a host, the judges of shared/check
// make verdicts of the reply, and these take the same road as everybody's,
// package intake, with the source winrm or ssh.
//
// A cycle begins on time whatever the one before does. Each host has a goroutine
// of its own, at most one at a time, within a site-wide limit and a deadline; one
// that is slow or hangs gives its place up, so that it delays nobody. A scan that
// cannot begin because the last one still runs is missed: counted, logged and
// proved, one bundle an hour, never queued. A host that does not answer three times
// in a row becomes unknown. A host with a live agent is not asked, one with a live sensor once an
// hour. Times are time.Duration.
package scan

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// Config says how often and how much. A cycle whose interval is 0 is off.
type Config struct {
	Windows     time.Duration
	Linux       time.Duration
	Workstation time.Duration
	// Limit is how many hosts are scanned at a time, those that hang included.
	Limit int
	// HostDeadline is when a host is given up.
	HostDeadline time.Duration
}

// Default is the seeds' cadence. Waiting for a host costs little, and PowerShell
// may take 20 s to answer: at 128 hosts at a time 500 workstations take two
// minutes of their ten.
func Default() Config {
	return Config{
		Windows: 300 * time.Second, Linux: 300 * time.Second, Workstation: 600 * time.Second,
		Limit: 128, HostDeadline: 2 * time.Minute,
	}
}

// Hosts has the records of targets' hosts.
type Hosts interface {
	Target(ctx context.Context, t host.Target) (host.Host, error)
	// Watched gives who looks after a host now, or "".
	Watched(nowMs int64) func(h host.Host) string
	Answered(hostID string, nowMs int64)
}

// Policy has what the site set for a check.
type Policy interface {
	Parameters(id check.ID) check.Parameters
}

// Evidence takes a bundle about the site itself.
type Evidence interface {
	Prove(ctx context.Context, b *bundle.Bundle) error
}

// Takeover ends what roads hold of hosts that agents watch now.
type Takeover interface {
	TakeOver(ctx context.Context) error
}

// Deps are what a Scanner works with.
type Deps struct {
	Targets   script.Targets
	Road      script.Road
	Catalogue *runbook.Catalogue
	Hosts     Hosts
	Intake    script.Intake
	Policy    Policy
	Evidence  Evidence
	Diary     Diary    // may be nil
	Takeover  Takeover // may be nil
	Turns     *script.Turns
	Log       *slog.Logger
}

// Scanner runs the cycles.
type Scanner struct {
	Deps
	cfg    Config
	cycles []*cycle
	lanes  *lanes
	work   sync.WaitGroup

	mu      sync.Mutex
	targets map[string]*memory // by target id
}

// New makes a scanner; Run starts its cycles.
func New(cfg Config, d Deps) (*Scanner, error) {
	if cfg.Limit < 1 || cfg.HostDeadline < time.Second {
		return nil, fmt.Errorf("making a scanner: a limit of %d hosts and %s each", cfg.Limit, cfg.HostDeadline)
	}
	d.Log = d.Log.With("component", "scan")
	s := &Scanner{Deps: d, cfg: cfg, lanes: newLanes(cfg.Limit), targets: map[string]*memory{}}
	for _, c := range []*cycle{
		{name: "windows", kind: script.Windows, interval: cfg.Windows, checks: d.Catalogue.Texts().Checks("windows")},
		{name: "linux", kind: script.Linux, interval: cfg.Linux, checks: d.Catalogue.Texts().Checks("linux")},
		{name: "workstation", kind: script.Workstation, interval: cfg.Workstation, checks: workstationChecks, summary: true},
	} {
		if len(c.checks) == 0 {
			continue // the catalogue asks such hosts nothing
		}
		var err error
		if c.document, err = d.Catalogue.Scan(c.kind.Platform(), c.checks...); err != nil {
			return nil, fmt.Errorf("making a scanner for %s: %w", c.name, err)
		}
		c.loop = NewLoop(c.name, c.interval, func(ctx context.Context) error { return s.begin(ctx, c) }, d.Log)
		c.loop.amend = c.amend
		c.loop.IdleIf(func() bool { return c.status().Targets == 0 })
		c.loop.ProveTo(d.Evidence, d.Diary)
		s.cycles = append(s.cycles, c)
	}
	return s, nil
}

// workstationChecks are the five of the seeds.
var workstationChecks = []check.ID{check.BitLocker, check.Defender, check.Patches, check.Firewall, check.ScreenLock}

// Run runs the cycles until ctx ends, and waits for the scans under way, which
// end with it.
func (s *Scanner) Run(ctx context.Context) error {
	var loops sync.WaitGroup
	for _, c := range s.cycles {
		if c.interval == 0 {
			continue
		}
		loops.Go(func() { _ = c.loop.Run(ctx) })
	}
	loops.Wait()
	s.work.Wait()
	return nil
}

// errNoCycle means that there is no cycle for a kind.
var errNoCycle = errors.New("no such cycle")

// Sweep scans the targets of a kind once, now, and waits until all are done.
func (s *Scanner) Sweep(ctx context.Context, kind script.Kind) (Status, error) {
	for _, c := range s.cycles {
		if c.kind != kind {
			continue
		}
		if err := s.begin(ctx, c); err != nil {
			return Status{}, err
		}
		s.work.Wait()
		return c.status(), nil
	}
	return Status{}, fmt.Errorf("scanning %s: %w", kind, errNoCycle)
}
