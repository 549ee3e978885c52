// Package posture looks at a site's network from outside (DESIGN §3, D16): which
// devices there are, and what answers on them that should not. It is opt-in and
// stays inside the networks that the configuration names; an excluded address never
// gets a packet.
//
// A sweep has two halves. The first finds devices: one connection to each address
// where the appliance sees its neighbours' MACs, three behind a router. The second
// asks each device that is there port by port, in a shuffled order, with a pause
// between two connections to one device and a limit to all; package probe says what
// is sent. Facts go to the judges of shared/check, and verdicts take everybody's
// road, package intake, with the source network and asserted: a device proves
// nothing. A device is a record of its own, by its MAC if that is one for life, else
// by its address; it is never merged with an agent's or a target's host.
//
// What is silent is not passed. A device that was there and is away, or a port that
// was open and is silent, keeps its verdict and becomes unknown at the third sweep.
// Times are time.Duration, stored ones Unix milliseconds.
package posture

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// Config says where to look and how gently. Without ranges, or with an interval of
// 0, nothing is looked at.
type Config struct {
	Ranges   []netip.Prefix
	Exclude  Exclusions
	Ports    []uint16
	Interval time.Duration
	// Rate is how many connections are begun in a second, to all devices together.
	Rate int
	// Concurrent is how many are open or being opened at a time.
	Concurrent int
	// Gap is the pause between two connections to one device, half of it more or less.
	Gap time.Duration
	// DeviceDeadline is when a device is given up.
	DeviceDeadline time.Duration
}

// Waits, each with its reason.
const (
	// connectTime lets one lost SYN be sent again, which Linux does after a second.
	connectTime = 1500 * time.Millisecond
	// answerTime is for the whole exchange after it: small devices think long.
	answerTime = 4 * time.Second
)

// Hosts has the records of devices' hosts.
type Hosts interface {
	Target(ctx context.Context, t host.Target) (host.Host, error)
	Answered(hostID string, nowMs int64)
}

// Intake takes what was found.
type Intake interface {
	Observe(ctx context.Context, h *host.Host, e *drift.Event) error
}

// Policy has what the site set for a check.
type Policy interface {
	Parameters(id check.ID) check.Parameters
}

// Evidence takes a bundle about the site itself.
type Evidence interface {
	Prove(ctx context.Context, b *bundle.Bundle) error
}

// Network is the appliance's own view of what it is connected to.
type Network interface {
	// Neighbours are those that the kernel holds now.
	Neighbours() (map[netip.Addr]Neighbour, error)
	// Links are the networks the appliance is in, with its own addresses, and for
	// which it sees MACs.
	Links() ([]netip.Prefix, error)
}

// Names tells whose address one is, for people to compare. It merges nothing.
type Names interface {
	Names(ctx context.Context) (map[netip.Addr]string, error)
}

// Vendors names the maker of a MAC, or "".
type Vendors interface {
	Vendor(mac string) string
}

// Deps are what a Scanner works with.
type Deps struct {
	Store    *store.Store
	Hosts    Hosts
	Intake   Intake
	Policy   Policy
	Evidence Evidence
	// Diary notes rounds; nil notes none.
	Diary   scan.Diary
	Network Network
	Names   Names
	Vendors Vendors
	Log     *slog.Logger
}

// Scanner looks at the network, again and again.
type Scanner struct {
	Deps
	cfg  Config
	loop *scan.Loop
	dial *dialer

	mu      sync.Mutex
	devices map[string]*memory // by device key
	counts  map[string]int
	told    told
	// recalled tells that devices have the ports that were open before the start.
	recalled bool
}

// New makes a scanner; Run starts it.
func New(cfg Config, d Deps) (*Scanner, error) {
	if cfg.Off() {
		return &Scanner{Deps: d, cfg: cfg, devices: map[string]*memory{}}, nil
	}
	if cfg.Rate < 1 || cfg.Concurrent < 1 || len(cfg.Ports) == 0 || cfg.DeviceDeadline <= 0 {
		return nil, errors.New("making a scanner of the network: it has no ports, rate, limit or deadline")
	}
	for _, r := range cfg.Ranges {
		if !r.IsValid() || !r.Addr().Is4() {
			return nil, fmt.Errorf("making a scanner of the network: %s is no network of IPv4", r)
		}
	}
	d.Log = d.Log.With("component", "posture")
	s := &Scanner{Deps: d, cfg: cfg, devices: map[string]*memory{}, dial: newDialer(cfg.Rate, cfg.Concurrent)}
	s.loop = scan.NewLoop("network", cfg.Interval, s.Sweep, d.Log)
	s.loop.ProveTo(d.Evidence, d.Diary)
	return s, nil
}

// Off tells that nothing is to be looked at.
func (c Config) Off() bool { return len(c.Ranges) == 0 || c.Interval == 0 }

// Run sweeps at the interval until ctx ends.
func (s *Scanner) Run(ctx context.Context) error {
	if s.cfg.Off() {
		return nil
	}
	return s.loop.Run(ctx)
}

// Round tells how the sweeps go.
func (s *Scanner) Round() scan.Round {
	if s.loop == nil {
		return scan.Round{Loop: "network"}
	}
	r := s.loop.Round()
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Counts = maps.Clone(s.counts)
	return r
}
