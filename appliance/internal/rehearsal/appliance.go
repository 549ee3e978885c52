package rehearsal

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/appliance/internal/heal"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/remote/agent"
	"github.com/osiriscare/osiris/appliance/internal/session"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/rule"
	"github.com/osiriscare/osiris/shared/runbook"
)

// Appliance is the real parts of an appliance, without a Central.
type Appliance struct {
	Site     *Site
	Store    *store.Store
	Policy   *policy.Holder
	CA       *ca.CA
	Enroll   *enroll.Enroll
	Hosts    *host.Registry
	Evidence *evidence.Evidence
	Outbox   *outbox.Outbox
	Healer   *heal.Healer
	Intake   *intake.Intake
	Table    *session.Table
	Server   *session.Server

	Addr string // of the agent listener
	stop context.CancelFunc
	ends []<-chan error
}

// Options change a rehearsal.
type Options struct {
	NoEvidence bool // leave the outbox as it is
	Log        *slog.Logger
}

// Start runs the appliance of a site whose data is in dir.
func Start(ctx context.Context, site *Site, dir string, o Options) (*Appliance, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &Appliance{Site: site, Table: session.NewTable()}
	if err := a.build(ctx, dir, o); err != nil {
		return nil, errors.Join(err, a.closeFiles())
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, a.closeFiles())
	}
	a.Addr = l.Addr().String()
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	if !o.NoEvidence {
		a.run(running, a.Evidence.Run)
		a.run(running, a.Outbox.Run)
	}
	a.run(running, a.Healer.Run)
	a.run(running, a.Hosts.Run)
	a.run(running, a.Enroll.Run)
	a.run(running, func(ctx context.Context) error { return a.Server.Serve(ctx, l) })
	return a, nil
}

func (a *Appliance) run(ctx context.Context, run func(context.Context) error) {
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	a.ends = append(a.ends, done)
}

func (a *Appliance) build(ctx context.Context, dir string, o Options) (err error) {
	id := a.Site.Identity
	a.Store, err = store.Open(ctx, filepath.Join(dir, "state.db"), policy.Schema, host.Schema, enroll.Schema,
		outbox.Schema, intake.Schema, incident.Schema, heal.Schema)
	if err != nil {
		return err
	}
	if a.Policy, err = policy.New(ctx, policy.Config{
		Pin: a.Site.Pin(), SiteID: SiteID, Trust: id.Claim.GetTrust(), Policy: id.Claim.GetPolicy(),
	}, a.Store); err != nil {
		return err
	}
	if a.CA, err = ca.New(SiteID, id.CA, id.CACertificate, id.SiteRoot); err != nil {
		return err
	}
	if a.Hosts, err = host.New(ctx, a.Store); err != nil {
		return err
	}
	if a.Evidence, err = evidence.New(ctx, evidence.Config{
		Path: filepath.Join(dir, "evidence.db"), Origin: id.Claim.GetLogOrigin(), SiteID: SiteID, ApplianceID: ApplianceID,
		Version: "rehearsal", CommandKey: id.Command.Public(),
	}, id.Bundle, id.Log, a.Policy, o.Log); err != nil {
		return err
	}
	if a.Enroll, err = enroll.New(ctx, enroll.Deps{
		SiteID: SiteID, ApplianceID: ApplianceID, Version: "rehearsal", Store: a.Store, CA: a.CA,
		Policy: a.Policy, Hosts: a.Hosts, Drafts: outbox.Add, Logged: a.Evidence, Log: o.Log,
	}); err != nil {
		return err
	}
	a.Outbox = outbox.New(a.Store, a.Evidence, o.Log)
	books, err := runbook.Load()
	if err != nil {
		return err
	}
	rules, err := rule.New(books)
	if err != nil {
		return err
	}
	a.Healer = heal.New(heal.Deps{
		Store: a.Store, Rules: rules, Policy: tiers{a.Enroll, a.Policy}, Catalogue: books, Outbox: a.Outbox,
		Runner: agent.New(id.Command, a.Table), Log: o.Log,
	})
	maker := intake.NewMaker(SiteID, ApplianceID, "rehearsal", a.Policy)
	a.Intake = intake.New(SiteID, a.Store, a.Hosts, a.Healer, a.Outbox, maker, o.Log)
	a.Server = session.New(session.Deps{
		CA: a.CA, Enroll: a.Enroll, Policy: a.Policy, Hosts: a.Hosts, Intake: a.Intake, Store: a.Store,
		Opened: a.Healer, Table: a.Table, Log: o.Log,
	})
	return nil
}

type tiers struct {
	*enroll.Enroll
	policy *policy.Holder
}

// PolicyVersion is the version a command is made under.
func (t tiers) PolicyVersion() uint64 { return t.policy.PolicyVersion() }

// Token makes a single-use enrolment token.
func (a *Appliance) Token(ctx context.Context) (string, error) {
	return enroll.NewToken(ctx, a.Store, enroll.Token{Kind: enroll.Single, Tier: 2, Count: 1, Valid: time.Hour})
}

// Stop ends everything in order.
func (a *Appliance) Stop() error {
	a.stop()
	var errs []error
	for _, done := range a.ends {
		errs = append(errs, <-done)
	}
	return errors.Join(append(errs, a.closeFiles())...)
}

func (a *Appliance) closeFiles() error {
	var errs []error
	if a.Evidence != nil {
		errs = append(errs, a.Evidence.Close())
	}
	if a.Store != nil {
		errs = append(errs, a.Store.Close())
	}
	return errors.Join(errs...)
}
