package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/config"
	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/identity"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/plain"
)

// agentVerb lists agents and decides about those that are held. It works beside a
// running appliance, which follows within seconds.
func agentVerb(ctx context.Context, args []string, out, errs io.Writer) error {
	const use = "use: osiris-appliance agent list, agent approve ID --reason TEXT [--without-directory], or agent release ID --reason TEXT"
	if len(args) == 0 {
		return errors.New(use)
	}
	if args[0] == "list" {
		asJSON := false
		return withConfig("agent list", args[1:], errs, func(f *flag.FlagSet) {
			f.BoolVar(&asJSON, "json", false, "print JSON")
		}, func(c config.Config) error { return listAgents(ctx, c, asJSON, out) })
	}
	decide := map[string]func(*enroll.Enroll) func(context.Context, enroll.Decision) error{
		"approve": func(e *enroll.Enroll) func(context.Context, enroll.Decision) error { return e.Approve },
		"release": func(e *enroll.Enroll) func(context.Context, enroll.Decision) error { return e.Release },
	}[args[0]]
	if decide == nil || len(args) < 2 || strings.HasPrefix(args[1], "-") {
		return errors.New(use)
	}
	d := enroll.Decision{AgentID: args[1], Person: person()}
	return withConfig("agent "+args[0], args[2:], errs, func(f *flag.FlagSet) {
		f.StringVar(&d.Reason, "reason", "", "why, for the record; it is needed")
		if args[0] == "approve" {
			f.BoolVar(&d.WithoutDirectory, "without-directory", false, "also when the site's domain does not confirm the agent")
		}
	}, func(c config.Config) error {
		err := withEnroll(ctx, c, func(e *enroll.Enroll) error { return decide(e)(ctx, d) })
		if err == nil {
			_, err = fmt.Fprintln(out, d.AgentID)
		}
		return err
	})
}

// person is who is at the terminal, as far as the system knows.
func person() string {
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "somebody"
}

func withStore(ctx context.Context, c config.Config, do func(*store.Store) error) (err error) {
	st, err := store.Open(ctx, statePath(c), policy.Schema, outbox.Schema, enroll.Schema, host.Schema, directory.Schema)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return do(st)
}

func withEnroll(ctx context.Context, c config.Config, do func(*enroll.Enroll) error) error {
	id, err := identity.Load(c.DataDir)
	if err != nil {
		return err
	}
	pin, err := id.Provision.Root()
	if err != nil {
		return err
	}
	return withStore(ctx, c, func(st *store.Store) error {
		p, err := policy.New(ctx, policy.Config{Pin: pin, SiteID: id.SiteID(), Trust: id.Claim.GetTrust(), Policy: id.Claim.GetPolicy()}, st)
		if err != nil {
			return err
		}
		book, err := directory.NewBook(ctx, st)
		if err != nil {
			return err
		}
		e, err := enroll.New(ctx, enroll.Deps{
			SiteID: id.SiteID(), ApplianceID: id.ApplianceID(), Version: version, Store: st, Directory: book,
			Policy: p, Drafts: outbox.Add, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			return err
		}
		return do(e)
	})
}

func listAgents(ctx context.Context, c config.Config, asJSON bool, out io.Writer) error {
	return withEnroll(ctx, c, func(e *enroll.Enroll) error {
		agents, err := enroll.List(ctx, e.Store)
		if err != nil {
			return err
		}
		said, err := e.Confirmations(ctx)
		if err != nil {
			return err
		}
		for i := range agents {
			agents[i].Directory = said[agents[i].ID]
		}
		if asJSON {
			raw, err := json.MarshalIndent(agents, "", "  ")
			if err != nil {
				return fmt.Errorf("writing JSON: %w", err)
			}
			_, err = out.Write(append(plain.JSON(raw), '\n'))
			return err
		}
		w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "AGENT\tSTATE\tHOSTNAME\tDOMAIN\tOS\tDIRECTORY\tTIER AT MOST\tENROLLED\tCERTIFICATE UNTIL") //nolint:errcheck // Flush says it
		for i := range agents {
			a := &agents[i]
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", a.ID, a.State(), plain.Text(a.Hostname), plain.Text(a.Domain), plain.Text(a.OS), a.Directory, a.Cap, //nolint:errcheck // Flush says it
				a.Enrolled.Format(time.DateTime), a.Expires.Format(time.DateTime))
		}
		return w.Flush()
	})
}
