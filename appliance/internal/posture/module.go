package posture

import (
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/posture/oui"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/fxrun"
)

type deps struct {
	fx.In
	Hosts  *host.Registry
	Intake *intake.Intake
	Policy script.Policy
	Store  *store.Store
	Outbox *outbox.Outbox
	Names  Names
	Log    *slog.Logger
}

// Module looks at the network.
var Module = fx.Module("posture",
	fx.Supply(fx.Annotated{Group: "schemas", Target: Schema}),
	fx.Provide(func(cfg Config, d deps) (*Scanner, error) {
		prover := scan.Prover{Store: d.Store, Outbox: d.Outbox}
		return New(cfg, Deps{
			Store: d.Store, Hosts: d.Hosts, Intake: d.Intake, Policy: d.Policy, Evidence: prover, Diary: prover,
			Network: System{}, Names: d.Names, Vendors: oui.Table{}, Log: d.Log,
		})
	}),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, s *Scanner) { fxrun.Go(lc, sd, s.Run) }),
)
