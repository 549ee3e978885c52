package status

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/listen"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/appliance/internal/session"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/uplink"
	"github.com/osiriscare/osiris/shared/fxrun"
)

// Config says where status is told; an empty Listen means nowhere.
type Config struct{ Listen, DataDir, Version string }

type deps struct {
	fx.In
	Sessions *session.Table
	Hosts    *host.Registry
	Store    *store.Store
	Outbox   *outbox.Outbox
	Evidence *evidence.Evidence
	Uplink   *uplink.Uplink
	Scanner  *scan.Scanner
	Loops    []Loop `group:"loops"`
}

// Module serves health and metrics.
var Module = fx.Module("status",
	fx.Provide(func(cfg Config, d deps, log *slog.Logger) *Status {
		loops := Loops(d.Loops)
		for _, l := range d.Scanner.Loops() {
			loops = append(loops, l)
		}
		return New(cfg.Version, Appliance{
			Sessions: d.Sessions, Hosts: d.Hosts, Store: d.Store, Outbox: d.Outbox, Evidence: d.Evidence, Uplink: d.Uplink,
		}, loops, log)
	}),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, cfg Config, s *Status, log *slog.Logger) {
		if cfg.Listen == "" {
			return
		}
		l := listen.New("status", cfg.Listen, cfg.DataDir, log)
		lc.Append(fx.StartHook(l.Bind))
		fxrun.Go(lc, sd, func(ctx context.Context) error { return s.Serve(ctx, l) })
	}),
)
