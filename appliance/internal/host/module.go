package host

import (
	"context"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/fxrun"
)

// Module provides the registry and writes liveness down.
var Module = fx.Module("host",
	fx.Supply(fx.Annotated{Group: "schemas", Target: Schema}),
	fx.Provide(func(st *store.Store) (*Registry, error) { return New(context.Background(), st) }),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, r *Registry) { fxrun.Go(lc, sd, r.Run) }),
)
