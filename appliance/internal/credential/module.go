package credential

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/uplink"
)

// Module provides the credentials and lets the uplink fill them.
var Module = fx.Module("credential",
	fx.Supply(fx.Annotated{Group: "schemas", Target: Schema}),
	fx.Provide(
		func(cfg Config, st *store.Store, log *slog.Logger) (*Store, error) {
			return New(context.Background(), cfg, st, log)
		},
		fx.Annotated{Group: "settings", Target: func(s *Store) uplink.Setting { return s }},
	),
)
