package target

import (
	"context"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/uplink"
)

// Module provides the targets and lets the uplink fill them.
var Module = fx.Module("target",
	fx.Supply(fx.Annotated{Group: "schemas", Target: Schema}),
	fx.Provide(
		func(st *store.Store) (*Store, error) { return New(context.Background(), st) },
		fx.Annotated{Group: "settings", Target: func(s *Store) uplink.Setting { return s }},
	),
)
