package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/osiriscare/osiris/e2e/binary"
	"github.com/osiriscare/osiris/e2e/stack"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

// stepTime is the most one step may take. The slowest, a first build, is not a
// step with this limit.
const stepTime = 60 * time.Second

// step is one thing that happened, or did not.
type step struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	MS    int64  `json:"ms"`
	Error string `json:"error,omitempty"`
}

// round is one showing.
type round struct {
	root, dir string
	ports     stack.Ports
	hosts     int
	show      *show
	res       *result
	fail      context.CancelCauseFunc

	binaries map[string]string
	vendor   *vendor
	// The agent may end by itself while it is replaced, and must when all is stopped.
	updating, stopping atomic.Bool

	// practice has the hosts without an agent; nil with none of them.
	practice *practice.Practice
	stack    *stack.Stack
	login    string
	computer *stack.Computer
	// host is the computer's id, before its file before the repair that fails.
	host   string
	before []byte
	// logged is the count of bundles that verified at the end.
	logged int
}

// play does everything in order and stops at the first thing that does not
// happen.
func (r *round) play(ctx context.Context) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("the setting that is broken and healed here is one of Linux, and this is %s", runtime.GOOS)
	}
	r.show.say("building, the first time takes some minutes")
	for _, a := range r.acts() {
		if err := r.act(ctx, a.name, a.limit, a.do); err != nil {
			return err
		}
	}
	return nil
}

// operatorEnv is what osirisctl needs to ask this Central, as a shell exports it.
func (r *round) operatorEnv() string {
	return fmt.Sprintf("OSIRIS_CENTRAL_URL=%s OSIRIS_TOKEN_FILE=%q OSIRIS_CONFIG_DIR=%q",
		r.stack.WebURL(), filepath.Join(r.dir, "central", "operator.token"), filepath.Join(r.dir, "operator"))
}

// act is one step of the script; hosts says that it is about those without an agent.
type act struct {
	name  string
	limit time.Duration
	do    func(context.Context) error
	hosts bool
}

// acts is the script. The hosts are scanned while the agent's story is told.
func (r *round) acts() []act {
	all := []act{
		{"release keys made and binaries built", 20 * time.Minute, r.build, false},
		{"Windows hosts started", stepTime, r.startPractice, true},
		{"Central started", stepTime, r.startCentral, false},
		{"client, site and policy made", stepTime, r.setUp, false},
		{"first release of the agent signed", stepTime, r.signRelease, false},
		{"list of remote management software signed", stepTime, r.signList, false},
		{"appliance claimed and started", stepTime, r.startAppliance, false},
		{"Windows hosts made targets, their account sealed for the appliance", stepTime, r.addTargets, true},
		{"agent enrolled and started", stepTime, r.startAgent, false},
		{"agent reports pass", stepTime, r.passes, false},
		{"remote management software found by the signed list", stepTime, r.productFound, false},
		{"setting broken from outside", stepTime, r.breakSetting, false},
		{"drift found and incident opened", stepTime, r.driftFound, false},
		{"setting healed and verified", stepTime, r.healed, false},
		{"evidence of the healing signed and proven", stepTime, r.healingProven, false},
		{"setting broken beyond healing", stepTime, r.breakBeyondHealing, false},
		{"healing failed and was rolled back", stepTime, r.rolledBack, false},
		{"incident escalated to a person", stepTime, r.escalated, false},
		{"evidence of the failure signed and proven", stepTime, r.failureProven, false},
		{"next release of the agent signed and offered", stepTime, r.offerRelease, false},
		{"agent replaced itself and proved its health", stepTime, r.replaced, false},
		{"Windows hosts scanned over WinRM", stepTime, r.hostsScanned, true},
		{"faults of the Windows hosts found, and nothing else", stepTime, r.faultsFound, true},
		{"summary of all workstations signed and proven", stepTime, r.summaryProven, true},
		{"repair of the spare host ordered, carried out and proven", stepTime, r.repairOrdered, true},
		{"all evidence proven from files and listed by Central", stepTime, r.allProven, false},
	}
	if r.hosts > 0 {
		return all
	}
	return slices.DeleteFunc(all, func(a act) bool { return a.hosts })
}

func (r *round) act(ctx context.Context, name string, limit time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it did not happen within %s", limit))
	defer cancel()
	start := time.Now()
	err := do(ctx)
	st := step{Name: name, OK: err == nil, MS: time.Since(start).Milliseconds()}
	if err != nil {
		st.Error = err.Error()
		err = fmt.Errorf("%s: %w", name, err)
	}
	r.res.Steps = append(r.res.Steps, st)
	r.show.step(st)
	return err
}

// build builds the programs; those that believe signed releases are linked with
// keys that were made for this round.
func (r *round) build(ctx context.Context) (err error) {
	r.binaries = map[string]string{}
	for _, name := range []string{"osiris-central", "osirisctl"} {
		if r.binaries[name], err = binary.Build(ctx, r.root, name); err != nil {
			return err
		}
	}
	if r.vendor, err = newVendor(ctx, r.root, filepath.Join(r.dir, "vendor")); err != nil {
		return err
	}
	if r.binaries["osiris-appliance"], err = r.vendor.appliance(ctx); err != nil {
		return err
	}
	first, err := r.vendor.agent(ctx)
	if err != nil {
		return err
	}
	// A program that replaces itself lies in a place of its own.
	r.binaries["osiris-agent"] = filepath.Join(r.dir, "bin", "osiris-agent")
	return install(first, r.binaries["osiris-agent"])
}

func (r *round) startCentral(ctx context.Context) error {
	s, err := stack.New(ctx, stack.Config{
		Dir: r.dir, Binaries: r.binaries, Ports: r.ports, Each: r.show.line,
		// As quick as an agent goes without being a load on the machine.
		CheckInterval: time.Second,
		Scan:          r.scanning(),
	})
	if err != nil {
		return err
	}
	r.stack = s
	r.res.EvidenceDir, r.res.DashboardURL = s.EvidenceDir(), s.WebURL()
	if err := r.started(s.Central, s.StartCentral(ctx)); err != nil {
		return err
	}
	if r.login, err = s.LoginURL(ctx); err != nil {
		return err
	}
	r.show.say("dashboard: %s (works once; another: ./dev run osiris-central login-link --config %s)", r.login, s.CentralConfig())
	return nil
}

func (r *round) setUp(ctx context.Context) error {
	err := r.stack.SetUp(ctx, stack.Site{Client: "Riverside Family Practice", Name: "Main Street", Tier: trustv1.Tier_TIER_SELF_HEAL})
	r.res.Trust = r.stack.Trust
	return err
}

func (r *round) startAppliance(ctx context.Context) error {
	return r.started(r.stack.Appliance, r.stack.StartAppliance(ctx))
}

// startAgent brings a computer in good order into the practice.
func (r *round) startAgent(ctx context.Context) (err error) {
	if r.computer, err = r.stack.Computer(); err != nil {
		return err
	}
	if err := r.layOut(); err != nil {
		return fmt.Errorf("laying out the computer: %w", err)
	}
	if err := r.computer.Enrol(ctx); err != nil {
		return err
	}
	if err := r.computer.Start(ctx); err != nil {
		return err
	}
	r.supervise()
	return nil
}

// started fails the whole round when a program ends that should run.
func (r *round) started(p *stack.Process, err error) error {
	if err != nil {
		return err
	}
	ended := p.Ended()
	go func() {
		<-ended
		// After a stop that was asked for, nobody listens any more.
		r.fail(p.Reason())
	}()
	return nil
}

// end stops the programs and notes that as a step; the first thing that went
// wrong stays the error.
func (r *round) end(ctx context.Context, err error) error {
	if r.practice != nil {
		defer r.practice.Close()
	}
	if r.stack == nil {
		return err
	}
	r.show.say("stopping")
	r.stopping.Store(true)
	stopErr := r.act(ctx, "everything stopped cleanly", stepTime, func(context.Context) error {
		return errors.Join(r.stack.Stop(), r.killStrays())
	})
	r.show.say("data stays in %s; remove it when you have seen it", r.dir)
	return errors.Join(err, stopErr)
}
