package order

import (
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/uplink"
	"github.com/osiriscare/osiris/shared/fxrun"
	"github.com/osiriscare/osiris/shared/runbook"
)

type deps struct {
	fx.In
	Orders    *Orders
	Executor  *script.Executor
	Targets   script.Targets
	Hosts     *host.Registry
	Policy    script.Policy
	Catalogue *runbook.Catalogue
	Outbox    *outbox.Outbox
	Keys      *ssh.KnownHosts
	Road      *ssh.Road
	Holder    *policy.Holder
	Logged    *evidence.Evidence
	Uplink    *uplink.Uplink
	Log       *slog.Logger
}

// Module takes orders from the uplink and carries them out. It comes after the
// uplink, which has its table as a setting.
var Module = fx.Module("order",
	fx.Supply(fx.Annotated{Group: "schemas", Target: Schema}),
	fx.Provide(
		func(cfg Config, st *store.Store, p *policy.Holder) *Orders { return New(cfg, st, p) },
		fx.Annotated{Group: "settings", Target: func(o *Orders) uplink.Setting { return o }},
		func(d deps) *Runner {
			return NewRunner(Deps{
				Orders: d.Orders, Executor: d.Executor, Targets: d.Targets, Hosts: d.Hosts, Policy: d.Policy, Catalogue: d.Catalogue,
				Outbox: d.Outbox, Logged: d.Logged, Keys: d.Keys, Shower: d.Road, Versions: d.Holder, Poke: d.Uplink.Poke, Log: d.Log,
			})
		},
	),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, r *Runner) { fxrun.Go(lc, sd, r.Run) }),
)
