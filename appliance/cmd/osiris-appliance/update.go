package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/config"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/update"
)

// releaseRoots are the keys whose signatures agents take updates by, stamped by
// -ldflags "-X main.releaseRoots=2:HEX,HEX,HEX" in the form of
// release.ParseRoots, the same as the agents'. Without them the appliance leaves
// it to the agents to check signatures.
var releaseRoots string

// updateVerb shows how far programs are, and lets a halted one go on. It works
// beside a running appliance.
func updateVerb(ctx context.Context, args []string, out, errs io.Writer) error {
	switch {
	case len(args) > 0 && args[0] == "list":
		return withConfig("update list", args[1:], errs, nil, func(c config.Config) error {
			return withUpdates(ctx, c, func(st *store.Store) error { return listUpdates(ctx, st, out) })
		})
	case len(args) > 1 && args[0] == "resume" && !strings.HasPrefix(args[1], "-"):
		return withConfig("update resume", args[2:], errs, nil, func(c config.Config) error {
			return withUpdates(ctx, c, func(st *store.Store) error { return update.Resume(ctx, st, args[1]) })
		})
	}
	return errors.New("use: osiris-appliance update list, or update resume PROGRAM")
}

// rings are the configured ones.
func rings(c config.Config) (all []update.Ring) {
	for _, r := range c.Update.Rings {
		all = append(all, update.Ring(r))
	}
	return all
}

func withUpdates(ctx context.Context, c config.Config, do func(*store.Store) error) (err error) {
	st, err := store.Open(ctx, statePath(c), update.Schema)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return do(st)
}

func listUpdates(ctx context.Context, st *store.Store, out io.Writer) error {
	all, err := update.List(ctx, st)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "PROGRAM\tRING\tSINCE\tON TRIAL\tINSTALLED\tPUT BACK\tFAILED\tHALTED") //nolint:errcheck // Flush says it
	for _, u := range all {
		fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%d\t%d\t%d\t%s\n", u.Program[:16], u.Ring+1, u.Since.Format(time.DateTime), //nolint:errcheck // Flush says it
			u.Trying, u.Installed, u.RolledBack, u.Failed, u.Halted)
	}
	trouble, err := update.Troubles(ctx, st)
	if err == nil && trouble.Refused != "" {
		_, err = fmt.Fprintf(w, "\nThe folder is refused: %s.\n", trouble.Refused)
	}
	return errors.Join(err, w.Flush())
}
