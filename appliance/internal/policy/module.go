package policy

import (
	"context"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/store"
)

// Module provides the holder.
var Module = fx.Module("policy",
	fx.Supply(fx.Annotated{Group: "schemas", Target: Schema}),
	fx.Provide(func(cfg Config, st *store.Store) (*Holder, error) { return New(context.Background(), cfg, st) }),
)
