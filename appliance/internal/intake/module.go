package intake

import (
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/store"
)

// Config says whose reports are taken.
type Config struct{ SiteID, ApplianceID, Version string }

// Module provides the intake; the program supplies the Sink.
var Module = fx.Module("intake",
	fx.Supply(fx.Annotated{Group: "schemas", Target: Schema}),
	fx.Provide(
		func(cfg Config, p *policy.Holder) *Maker {
			return NewMaker(cfg.SiteID, cfg.ApplianceID, cfg.Version, p)
		},
		func(cfg Config, st *store.Store, hosts *host.Registry, sink Sink, o *outbox.Outbox, m *Maker, log *slog.Logger) *Intake {
			return New(cfg.SiteID, st, hosts, sink, o, m, log)
		},
	),
)
