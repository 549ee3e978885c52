package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"time"

	"github.com/osiriscare/osiris/agent/internal/action"
	"github.com/osiriscare/osiris/agent/internal/config"
	"github.com/osiriscare/osiris/agent/internal/discover"
	"github.com/osiriscare/osiris/agent/internal/folder"
	"github.com/osiriscare/osiris/agent/internal/identity"
	"github.com/osiriscare/osiris/agent/internal/link"
	"github.com/osiriscare/osiris/agent/internal/lock"
	"github.com/osiriscare/osiris/agent/internal/policy"
	"github.com/osiriscare/osiris/agent/internal/probe"
	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/agent/internal/schedule"
	"github.com/osiriscare/osiris/agent/internal/update"
	"github.com/osiriscare/osiris/agent/internal/wire"
)

// app is the whole agent.
type app struct {
	config   *config.Config
	log      *say.Logger
	lock     *lock.Lock
	probe    *probe.Probe
	identity *identity.Identity
	policy   *policy.Policy
	queue    *queue.Queue
	schedule *schedule.Schedule
	runner   *action.Runner
	link     *link.Link
	update   *update.Update
}

// load reads and checks the configuration and makes the logger.
func load(o *options, stderr io.Writer) (*config.Config, *say.Logger, error) {
	c, err := config.Load(o.config)
	if err != nil {
		return nil, nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, nil, fmt.Errorf("checking configuration: %w", err)
	}
	level, _ := say.ParseLevel(c.LogLevel) // Validate has checked it
	if c.LogFormat == "json" {
		return c, say.NewJSON(stderr, level), nil
	}
	return c, say.New(stderr, level), nil
}

// newApp wires the agent. Whoever gets it closes it. With anew it is to enrol in
// the stead of what the data folder has.
func newApp(c *config.Config, log *say.Logger, anew bool) (*app, error) {
	a := &app{config: c, log: log, probe: probe.New(c.RootDir)}
	if err := folder.Private(c.DataDir); err != nil {
		return nil, err
	}
	var err error
	if a.lock, err = lock.Take(filepath.Join(c.DataDir, "lock")); err != nil {
		return nil, err
	}
	if err = a.updates(); err == nil {
		err = a.open(anew)
	}
	if err != nil {
		return nil, errors.Join(err, a.lock.Close())
	}
	return a, nil
}

// open reads what the data folder has.
func (a *app) open(anew bool) (err error) {
	c, log := a.config, a.log
	if anew {
		a.identity, err = identity.Anew(c.DataDir)
	} else {
		a.identity, err = openIdentity(c.DataDir, log)
	}
	if err != nil {
		return err
	}
	if err := a.pin(); err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(built, 10, 64)
	if err != nil {
		seconds = 0 // a development build without the stamp has no floor
	}
	if anew {
		a.policy = policy.Empty(c.DataDir, a.identity.Pin().CentralRoot, seconds*1000)
	} else {
		a.policy, err = openPolicy(c.DataDir, a.identity.Pin().CentralRoot, seconds*1000, log)
	}
	if err != nil {
		return err
	}
	if a.queue, err = openQueue(filepath.Join(c.DataDir, "queue.db"), log); err != nil {
		return err
	}
	if err := a.wire(); err != nil {
		return errors.Join(err, a.queue.Close())
	}
	return nil
}

// wire makes what works on the queue.
func (a *app) wire() (err error) {
	signatures, err := openSignatures(a.config.DataDir, a.policy.NowMs)
	if err != nil {
		return err
	}
	a.probe.Signatures = signatures
	a.schedule, err = schedule.New(probe.Checks(), a.probe, a.policy, a.queue, a.log)
	if err != nil {
		return err
	}
	a.schedule.Now, a.schedule.Marker = a.config.CheckNow, filepath.Join(a.config.DataDir, "running")
	a.runner, err = action.New(action.Deps{
		Actions: action.List(), Root: a.config.RootDir, Reader: a.probe, Authority: a.policy,
		Queue: a.queue, Clock: a.policy.NowMs, Recheck: a.schedule.Recheck, Log: a.log,
	})
	if err != nil {
		return err
	}
	addr := a.config.ApplianceAddr
	if addr == "" {
		addr = a.identity.Pin().Addr
	}
	addr = discover.Address(addr)
	a.link, err = link.New(link.Deps{
		Addr: addr, Fallback: a.config.FallbackAddr, ServerName: a.config.ServerName, Identity: a.identity, Policy: a.policy, Queue: a.queue,
		State: a.schedule, Commands: a.runner, Signatures: signatures, Updates: a.update, Log: a.log,
		Host: func() *wire.HostFacts { return a.probe.Host(version) },
	})
	a.runner.Orders, a.probe.Clock = a.link, a.link
	return err
}

func (a *app) close() error { return errors.Join(a.queue.Close(), a.lock.Close()) }

// awaitPause is how long a machine that is not enrolled leaves its data folder
// alone, so that a person can enrol it. Tests shorten it.
var awaitPause = 5 * time.Second

// runAgent is the verb run.
func runAgent(ctx context.Context, o *options, stderr io.Writer) error {
	c, log, err := load(o, stderr)
	if err != nil {
		return err
	}
	a, err := newApp(c, log, false)
	for waiting := false; errors.Is(err, errNotEnrolled) || waiting && errors.Is(err, lock.ErrTaken); waiting = true {
		if !waiting { // a service that ended would be started again and again
			log.Warn("waiting to be enrolled", "error", err)
		}
		if pause(ctx, awaitPause); ctx.Err() != nil {
			return nil //nolint:nilerr // it was told
		}
		a, err = newApp(c, log, false)
	}
	if err != nil {
		return err
	}
	log.Info("agent started", "version", version, "data_dir", c.DataDir, "root_dir", c.RootDir, "agent_id", a.identity.AgentID())
	err = together(ctx, a.schedule, a.runner, a.update, a)
	log.Info("agent stopped")
	return errors.Join(err, a.close())
}

// Run enrols when that is still to be done, then keeps a session open. Checks
// run meanwhile, and their results wait.
func (a *app) Run(ctx context.Context) error {
	wait := time.Second
	for !a.identity.Enrolled() && ctx.Err() == nil {
		err := a.enrol(ctx)
		if err == nil {
			break
		}
		a.log.Warn("not enrolled", "error", err, "retry_in", wait)
		pause(ctx, wait)
		wait = min(2*wait, time.Minute)
	}
	return a.link.Run(ctx) // which ends at once when ctx has
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// runner is what runs until its context ends.
type runner interface {
	Run(ctx context.Context) error
}

// together runs all until ctx ends or one of them fails, which ends the others.
func together(ctx context.Context, runs ...runner) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(runs))
	for _, run := range runs {
		go func() { ended <- run.Run(ctx) }()
	}
	var err error
	for range runs {
		err = errors.Join(err, <-ended)
		cancel()
	}
	return err
}
