package api

import (
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/central/internal/audit"
	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/credential"
	"github.com/osiriscare/osiris/central/internal/fleet"
	"github.com/osiriscare/osiris/central/internal/intake"
	"github.com/osiriscare/osiris/central/internal/order"
	"github.com/osiriscare/osiris/central/internal/publish"
	"github.com/osiriscare/osiris/central/internal/site"
	"github.com/osiriscare/osiris/central/internal/store"
	"github.com/osiriscare/osiris/central/internal/target"
	"github.com/osiriscare/osiris/central/internal/tenant"
)

// needs is Deps as fx fills it.
type needs struct {
	fx.In
	Auth    *auth.Service
	Audit   *audit.Log
	Sites   *site.Service
	Tenants *tenant.Service
	Publish *publish.Publisher
	Intake  *intake.Intake
	Fleet   *fleet.Fleet
	Targets *target.Service
	Secrets *credential.Service
	Orders  *order.Service
	Store   *store.Store
	Site    site.Config
	Log     *slog.Logger
}

// Module provides the API.
var Module = fx.Module("api", fx.Provide(func(n needs) *API {
	return New(Deps{
		Auth: n.Auth, Audit: n.Audit, Sites: n.Sites, Tenants: n.Tenants, Publish: n.Publish, Intake: n.Intake,
		Fleet: n.Fleet, Targets: n.Targets, Secrets: n.Secrets, Orders: n.Orders, Store: n.Store, Site: n.Site, Log: n.Log,
	})
}))
