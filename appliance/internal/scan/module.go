package scan

import (
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/fxrun"
	"github.com/osiriscare/osiris/shared/runbook"
)

type deps struct {
	fx.In
	Targets   script.Targets
	Road      script.Road
	Catalogue *runbook.Catalogue
	Hosts     *host.Registry
	Intake    *intake.Intake
	Policy    script.Policy
	Store     *store.Store
	Outbox    *outbox.Outbox
	Turns     *script.Turns
	Log       *slog.Logger
}

// Module runs the cycles.
var Module = fx.Module("scan",
	fx.Supply(fx.Annotated{Group: "schemas", Target: Schema}),
	fx.Provide(func(cfg Config, d deps) (*Scanner, error) {
		prover := Prover{Store: d.Store, Outbox: d.Outbox}
		return New(cfg, Deps{
			Targets: d.Targets, Road: d.Road, Catalogue: d.Catalogue, Hosts: d.Hosts, Intake: d.Intake, Policy: d.Policy,
			Evidence: prover, Diary: prover, Takeover: intake.NewTakeover(d.Intake, d.Hosts), Turns: d.Turns, Log: d.Log,
		})
	}),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, s *Scanner) { fxrun.Go(lc, sd, s.Run) }),
)
