package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	"github.com/osiriscare/osiris/appliance/internal/config"
	"github.com/osiriscare/osiris/appliance/internal/credential"
	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/appliance/internal/heal"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/identity"
	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/order"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/posture"
	"github.com/osiriscare/osiris/appliance/internal/remote/agent"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/appliance/internal/sensor"
	"github.com/osiriscare/osiris/appliance/internal/session"
	"github.com/osiriscare/osiris/appliance/internal/signature"
	"github.com/osiriscare/osiris/appliance/internal/status"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/target"
	"github.com/osiriscare/osiris/appliance/internal/update"
	"github.com/osiriscare/osiris/appliance/internal/uplink"
	"github.com/osiriscare/osiris/shared/fxrun"
	"github.com/osiriscare/osiris/shared/release"
	"github.com/osiriscare/osiris/shared/rule"
	"github.com/osiriscare/osiris/shared/runbook"
)

// program is the application, ready to start.
func program(c config.Config, id *identity.Identity, log *slog.Logger) *fx.App {
	return fx.New(options(c, id, log), fx.StartTimeout(startTime), fx.StopTimeout(stopTime))
}

// options is the program. The order of the modules is the order of starting:
// what holds data, what works on it, the comparison with Central, and the
// listeners last. Stopping goes the other way.
func options(c config.Config, id *identity.Identity, log *slog.Logger) fx.Option {
	return fx.Options(
		quiet(log),
		fx.Supply(log, id),
		settings(c, id),
		store.Module, policy.Module, ca.Module, enroll.Module,
		evidenceModule,
		host.Module, outbox.Module, intake.Module, signature.Module, update.Module,
		healModule,
		target.Module, credential.Module, directoryModule, roadsModule,
		uplink.Module, order.Module, session.Module, sensor.Module, status.Module,
	)
}

// quiet sends what fx says to the debug level, errors too: run returns them, and
// one fault is one line.
func quiet(log *slog.Logger) fx.Option {
	return fx.WithLogger(func() fxevent.Logger {
		l := &fxevent.SlogLogger{Logger: log.With("component", "fx")}
		l.UseLogLevel(slog.LevelDebug)
		l.UseErrorLevel(slog.LevelDebug)
		return l
	})
}

// settings gives each module its own.
func settings(c config.Config, id *identity.Identity) fx.Option {
	hostname, err := os.Hostname()
	if err != nil {
		hostname = "appliance" // a name for people; nothing depends on it
	}
	pin, err := id.Provision.Root()
	keys, keysErr := listKeys()
	roots, rootsErr := release.ParseRoots(releaseRoots)
	cas, casErr := readAuthorities(c.Scan.CAFile)
	network, networkErr := networkConfig(c)
	site, appliance := id.SiteID(), id.ApplianceID()
	return fx.Options(
		fx.Error(errors.Join(err, keysErr, rootsErr, casErr, networkErr)),
		fx.Supply(
			store.Config{Path: statePath(c)},
			policy.Config{Pin: pin, SiteID: site, Trust: id.Claim.GetTrust(), Policy: id.Claim.GetPolicy()},
			enroll.Config{SiteID: site, ApplianceID: appliance, Version: version},
			evidence.Config{
				Path: filepath.Join(c.DataDir, "evidence.db"), Dir: c.Evidence(), Origin: id.Claim.GetLogOrigin(),
				SiteID: site, ApplianceID: appliance, Version: version, CommandKey: id.Command.Public(),
			},
			intake.Config{SiteID: site, ApplianceID: appliance, Version: version},
			credential.Config{
				SiteID: site, ApplianceID: appliance, KeyFile: sealingFile(c.DataDir), Command: id.Command,
			},
			order.Config{SiteID: site, ApplianceID: appliance, Version: version},
			uplink.Config{Interval: c.CheckInInterval, Hostname: hostname, Version: version},
			session.Config{Listen: c.AgentListen, Fallback: c.FallbackListen, DataDir: c.DataDir},
			signature.Config{File: filepath.Join(c.DataDir, "signatures.bin"), Keys: keys},
			update.Config{
				Dir: filepath.Join(c.DataDir, "update"), Roots: roots, Rings: rings(c), SiteID: site, ApplianceID: appliance, Version: version,
				Halt: update.Halt{Count: c.Update.HaltCount, Percent: c.Update.HaltPercent},
			},
			sensor.Config{Listen: c.SensorListen, DataDir: c.DataDir, SiteID: site, Version: version},
			status.Config{Listen: c.StatusListen, DataDir: c.DataDir, Version: version},
			scanConfig(c), network, cas, ssh.NewKnownHosts(filepath.Join(c.DataDir, "known_hosts")),
		),
	)
}

var evidenceModule = fx.Module("evidence",
	fx.Provide(func(lc fx.Lifecycle, cfg evidence.Config, id *identity.Identity, p *policy.Holder, log *slog.Logger) (*evidence.Evidence, error) {
		e, err := evidence.New(context.Background(), cfg, id.Bundle, id.Log, p, log)
		if err == nil {
			lc.Append(fx.StopHook(e.Close))
		}
		return e, err
	}),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, e *evidence.Evidence) { fxrun.Go(lc, sd, e.Run) }),
)

var healModule = fx.Module("heal",
	fx.Supply(
		fx.Annotated{Group: "schemas", Target: incident.Schema},
		fx.Annotated{Group: "schemas", Target: heal.Schema},
	),
	fx.Provide(
		runbook.Load,
		rule.New,
		func(id *identity.Identity, t *session.Table) *agent.Runner { return agent.New(id.Command, t) },
		func(e *enroll.Enroll, p *policy.Holder) tiers { return tiers{e, p} },
		func(st *store.Store, rules *rule.Engine, t tiers, books *runbook.Catalogue, o *outbox.Outbox, r *agent.Runner, n namedHosts, log *slog.Logger) *heal.Healer {
			return heal.New(heal.Deps{
				Store: st, Rules: rules, Policy: t, Catalogue: books, Outbox: o, Runner: r, Targets: n, Log: log,
			})
		},
		func(s *target.Store, h *host.Registry) namedHosts { return namedHosts{s, h} },
		func(h *heal.Healer) intake.Sink { return h },
		func(h *heal.Healer, u *uplink.Uplink) session.Opened { return wakers{h.Wake, u.Poke} },
	),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, h *heal.Healer) { fxrun.Go(lc, sd, h.Run) }),
)

// directoryModule lists the site's domains and tells of them.
var directoryModule = fx.Module("directory",
	fx.Supply(fx.Annotated{Group: "schemas", Target: directory.Schema}),
	fx.Provide(
		func(st *store.Store) (*directory.Book, error) { return directory.NewBook(context.Background(), st) },
		newDirectory, newDirectoryLoop, newComputers,
		fx.Annotate(func(l *directoryLoop) status.Loop { return l }, fx.ResultTags(`group:"loops"`)),
		fx.Annotated{Group: "settings", Target: newDirectorySetting},
	),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, d *directory.Directory, l *directoryLoop) {
		fxrun.Go(lc, sd, d.Run)
		fxrun.Go(lc, sd, l.Run)
	}),
)

// roadsModule leads to hosts without an agent, scans them and runs runbooks there.
var roadsModule = fx.Module("roads",
	fx.Provide(
		func(lc fx.Lifecycle, log *slog.Logger) *winrm.Road {
			r := winrm.New(winrm.Config{KDCs: script.LookupKDCs}, log)
			lc.Append(fx.StopHook(r.Close))
			return r
		},
		func(lc fx.Lifecycle, keys *ssh.KnownHosts, log *slog.Logger) *ssh.Road {
			r := ssh.New(ssh.Config{}, keys, log)
			lc.Append(fx.StopHook(r.Close))
			return r
		},
		makeRoads,
		func(s *target.Store, a authorities, c computers) script.Targets {
			return targetList{store: s, cas: a.pool, found: c.scanTargets}
		},
		func(t tiers) script.Policy { return sitePolicy{t} },
		func(s *target.Store) posture.Names { return targetNames{s} },
		fx.Annotated{Group: "loops", Target: func(s *posture.Scanner) status.Loop { return s }},
	),
	fx.Invoke(func(r *host.Registry, e *enroll.Enroll, c computers) { r.Held(e.Held); r.Confirmed(c.confirm) }),
	script.Module, scan.Module, posture.Module,
)

// tiers is what may be done to an agent: the policy's tier, capped by how it
// was enrolled.
type tiers struct {
	*enroll.Enroll
	policy *policy.Holder
}

// PolicyVersion is the version a command is made under.
func (t tiers) PolicyVersion() uint64 { return t.policy.PolicyVersion() }

// wakers wakes several.
type wakers []func()

// Wake wakes them all.
func (w wakers) Wake() {
	for _, wake := range w {
		wake()
	}
}
