package script

import (
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/fxrun"
	"github.com/osiriscare/osiris/shared/runbook"
)

type deps struct {
	fx.In
	Store     *store.Store
	Catalogue *runbook.Catalogue
	Road      Road
	Targets   Targets
	Hosts     *host.Registry
	Policy    Policy
	Intake    *intake.Intake
	Turns     *Turns
	Log       *slog.Logger
}

// Module provides the executor and the hosts' turns; the program supplies road,
// targets and policy.
var Module = fx.Module("script",
	fx.Supply(fx.Annotated{Group: "schemas", Target: Schema}),
	fx.Provide(NewTurns, func(d deps) *Executor {
		return New(Deps{
			Store: d.Store, Catalogue: d.Catalogue, Road: d.Road, Targets: d.Targets, Hosts: d.Hosts, Policy: d.Policy,
			Intake: d.Intake, Turns: d.Turns, Log: d.Log,
		})
	}),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, x *Executor) { fxrun.Go(lc, sd, x.Run) }),
)
