package session

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/listen"
	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/signature"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/update"
	"github.com/osiriscare/osiris/shared/fxrun"
)

// Config says where agents find the appliance.
type Config struct {
	Listen   string
	Fallback string // empty means nowhere
	DataDir  string
}

type deps struct {
	fx.In
	CA     *ca.CA
	Enroll *enroll.Enroll
	Policy *policy.Holder
	Hosts  *host.Registry
	Intake *intake.Intake
	Store  *store.Store
	Opened Opened
	Table  *Table
	Log    *slog.Logger

	Signatures *signature.Holder
	Updates    *update.Update
}

// Module provides the mailboxes and serves agents.
var Module = fx.Module("session",
	fx.Provide(NewTable, func(d deps) *Server {
		return New(Deps{
			CA: d.CA, Enroll: d.Enroll, Policy: d.Policy, Hosts: d.Hosts, Intake: d.Intake, Store: d.Store,
			Opened: d.Opened, Table: d.Table, Log: d.Log, Signatures: d.Signatures, Updates: d.Updates,
		})
	}),
	fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, cfg Config, s *Server, log *slog.Logger) {
		l := listen.New("agent", cfg.Listen, cfg.DataDir, log)
		lc.Append(fx.StartHook(l.Bind))
		fxrun.Go(lc, sd, func(ctx context.Context) error { return s.Serve(ctx, l) })
		if cfg.Fallback == "" {
			return
		}
		f := listen.New("fallback", cfg.Fallback, cfg.DataDir, log)
		lc.Append(fx.StartHook(f.Bind))
		fxrun.Go(lc, sd, func(ctx context.Context) error { return s.ServeFallback(ctx, f) })
	}),
)
