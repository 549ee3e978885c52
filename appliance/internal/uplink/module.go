package uplink

import (
	"log/slog"
	"time"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/identity"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/session"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/fxrun"
)

// Config says how often and as whom.
type Config struct {
	Interval          time.Duration
	Hostname, Version string
}

type deps struct {
	fx.In
	Config   Config
	Identity *identity.Identity
	CA       *ca.CA
	Policy   *policy.Holder
	Evidence *evidence.Evidence
	Registry *host.Registry
	Enroll   *enroll.Enroll
	Store    *store.Store
	Outbox   *outbox.Outbox
	Intake   *intake.Intake
	Sessions *session.Table
	Settings []Setting `group:"settings"`
	Log      *slog.Logger
}

// Module provides the uplink, to which others bring settings in the group of that
// name, compares logs before anything after it starts, and
// runs it.
var Module = fx.Module("uplink",
	fx.Provide(func(d deps) (*Uplink, error) {
		return New(Deps{
			Identity: d.Identity, Policy: d.Policy, Log: d.Evidence, Evidence: d.Evidence,
			State:    Site{Registry: d.Registry, Enroll: d.Enroll, Store: d.Store, Outbox: d.Outbox},
			Agents:   d.Enroll,
			Settings: d.Settings,
			Renewed:  func(i *identity.Identity) error { return d.CA.Replace(i.CACertificate, i.SiteRoot, i.Others) },
			Restored: Recovery{Intake: d.Intake, Sessions: d.Sessions},
			Interval: d.Config.Interval, Hostname: d.Config.Hostname, Version: d.Config.Version, Logger: d.Log,
		})
	}),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, u *Uplink) {
		lc.Append(fx.StartHook(u.Begin))
		fxrun.Go(lc, sd, u.Run)
	}),
)
