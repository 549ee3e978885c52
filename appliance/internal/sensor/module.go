package sensor

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/listen"
	"github.com/osiriscare/osiris/shared/fxrun"
)

// Config says where sensors find the appliance; an empty Listen means nowhere.
type Config struct{ Listen, DataDir, SiteID, Version string }

// Module serves legacy sensors.
var Module = fx.Module("sensor",
	fx.Provide(func(cfg Config, in *intake.Intake, hosts *host.Registry, log *slog.Logger) *API {
		return New(cfg.SiteID, cfg.Version, in, hosts, log)
	}),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, cfg Config, a *API, log *slog.Logger) {
		if cfg.Listen == "" {
			return
		}
		l := listen.New("sensor", cfg.Listen, cfg.DataDir, log)
		lc.Append(fx.StartHook(l.Bind))
		fxrun.Go(lc, sd, func(ctx context.Context) error { return a.Serve(ctx, l) })
	}),
)
