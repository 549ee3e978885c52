package outbox

import (
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/fxrun"
)

// Module provides the outbox and empties it.
var Module = fx.Module("outbox",
	fx.Supply(fx.Annotated{Group: "schemas", Target: Schema}),
	fx.Provide(func(st *store.Store, e *evidence.Evidence, log *slog.Logger) *Outbox { return New(st, e, log) }),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, o *Outbox) { fxrun.Go(lc, sd, o.Run) }),
)
