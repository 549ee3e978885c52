package update

import (
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/store"
)

// Module provides the service that session asks.
var Module = fx.Module("update",
	fx.Supply(fx.Annotated{Group: "schemas", Target: Schema}),
	fx.Provide(func(cfg Config, st *store.Store, log *slog.Logger) *Update { return New(cfg, st, log) }),
)
