package enroll

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/fxrun"
)

// Config says whose agents are enrolled.
type Config struct{ SiteID, ApplianceID, Version string }

type deps struct {
	fx.In
	Config Config
	Store  *store.Store
	CA     *ca.CA
	Policy *policy.Holder
	Hosts  *host.Registry
	Logged *evidence.Evidence
	Book   *directory.Book
	Log    *slog.Logger
}

// Module provides enrolment.
var Module = fx.Module("enroll",
	fx.Supply(fx.Annotated{Group: "schemas", Target: Schema}),
	fx.Provide(func(d deps) (*Enroll, error) {
		return New(context.Background(), Deps{
			SiteID: d.Config.SiteID, ApplianceID: d.Config.ApplianceID, Version: d.Config.Version, Store: d.Store,
			CA: d.CA, Policy: d.Policy, Hosts: d.Hosts, Drafts: outbox.Add, Logged: d.Logged, Directory: d.Book, Log: d.Log,
		})
	}),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, e *Enroll) { fxrun.Go(lc, sd, e.Run) }),
)
