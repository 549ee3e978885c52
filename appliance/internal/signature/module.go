package signature

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/fxrun"
)

// Module provides the holder and watches the file.
var Module = fx.Module("signature",
	fx.Supply(fx.Annotated{Group: "schemas", Target: Schema}),
	fx.Provide(func(cfg Config, st *store.Store, log *slog.Logger) (*Holder, error) {
		return New(context.Background(), cfg, st, log)
	}),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, h *Holder) { fxrun.Go(lc, sd, h.Run) }),
)
