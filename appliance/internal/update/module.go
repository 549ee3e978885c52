package update

import (
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/store"
)

// Module provides the service that session asks.
var Module = fx.Module("update",
	fx.Supply(fx.Annotated{Group: "schemas", Target: Schema}),
	fx.Provide(func(cfg Config, st *store.Store, hosts *host.Registry, p *policy.Holder, log *slog.Logger) *Update {
		return New(Deps{Config: cfg, Store: st, Hosts: hosts, Versions: p, Drafts: outbox.Add, Log: log})
	}),
)
