package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/shared/fxrun"

	"github.com/osiriscare/osiris/central/internal/api"
	"github.com/osiriscare/osiris/central/internal/archive"
	"github.com/osiriscare/osiris/central/internal/audit"
	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/config"
	"github.com/osiriscare/osiris/central/internal/credential"
	"github.com/osiriscare/osiris/central/internal/fleet"
	"github.com/osiriscare/osiris/central/internal/intake"
	"github.com/osiriscare/osiris/central/internal/keyring"
	"github.com/osiriscare/osiris/central/internal/order"
	"github.com/osiriscare/osiris/central/internal/publish"
	"github.com/osiriscare/osiris/central/internal/server"
	"github.com/osiriscare/osiris/central/internal/site"
	"github.com/osiriscare/osiris/central/internal/store"
	"github.com/osiriscare/osiris/central/internal/target"
	"github.com/osiriscare/osiris/central/internal/tenant"
	"github.com/osiriscare/osiris/central/internal/web"
	"github.com/osiriscare/osiris/central/internal/witness"
)

// Time limits of start and stop; a supervisor kills later than that.
const (
	startTime = 30 * time.Second
	stopTime  = 10 * time.Second
)

// checkInInterval is what appliances are asked for (domain.md §16).
const checkInInterval = time.Minute

// app is the whole program.
func app(cfg config.Config, log *slog.Logger) fx.Option {
	return fx.Options(
		fxrun.Logger(log),
		fx.StartTimeout(startTime), fx.StopTimeout(stopTime),
		fx.Supply(
			log, store.Path(cfg.Database()), keyring.Dir(cfg.DataDir), archive.Config{Dir: cfg.Archive()},
			site.Config{PublicURL: cfg.PublicURL, CheckInterval: checkInInterval},
			server.Listeners{API: cfg.APIListen, Web: cfg.WebListen, DataDir: cfg.DataDir, PublicURL: cfg.PublicURL},
		),
		store.Module, keyring.Module, archive.Module, auth.Module, audit.Module, tenant.Module, site.Module,
		publish.Module, witness.Module, intake.Module, fleet.Module, target.Module, credential.Module, order.Module, api.Module, web.Module, server.Module,
	)
}

// serve runs the program until ctx ends.
func serve(ctx context.Context, o *options) error {
	cfg, err := o.load()
	if err != nil {
		return err
	}
	log := cfg.Logger(o.stderr)
	a := fx.New(app(cfg, log))
	if err := a.Err(); err != nil {
		return fmt.Errorf("starting: %w", cause(err))
	}
	starting, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := a.Start(starting); err != nil {
		return fmt.Errorf("starting: %w", cause(err))
	}
	log.InfoContext(ctx, "ready", "version", version, "data_dir", cfg.DataDir, "public_url", cfg.PublicURL)
	select {
	case <-ctx.Done():
	case <-a.Wait():
	}
	stopping, cancelStop := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancelStop()
	if err := a.Stop(stopping); err != nil {
		return fmt.Errorf("stopping: %w", err)
	}
	log.InfoContext(ctx, "stopped")
	return nil
}
