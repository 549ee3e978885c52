// Command winfacts captures what Windows answers to the agent's queries, so that
// tests on other systems can replay it, and compares it with what the library
// github.com/yusufpapurcu/wmi says. It is for a laboratory machine, run as an
// administrator (docs/lab.md), and is no part of the agent.
//
//	winfacts [-out FOLDER] [-check NAME] [-state NAME] [-json]
//
// Each check becomes one file of the form that agent/internal/probe replays
// from testdata/windows: FOLDER/<check>/<os build>-<state>.txt. What names a
// person, a machine, a network or a product's serial is replaced first
// (redactor.go says how). queries.txt is the agent's own table, written out; a
// test compares the two. Sizes are bytes, dates RFC 3339 in UTC, differences
// two texts. The exit code is 1 when something differs or a file could not be
// written, 2 for wrong arguments.
//
// It reads what the agent reads, changes nothing and asks the network only for
// the time and for updates, as the agent does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

var errArguments = errors.New("wrong arguments")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errArguments):
		fmt.Fprintln(os.Stderr, "winfacts:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "winfacts:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("winfacts", flag.ContinueOnError)
	flags.SetOutput(out)
	folder := flags.String("out", "", "folder for the fixtures; empty only compares")
	name := flags.String("check", "", "the only check to capture")
	state := flags.String("state", "", "last part of the files' names; default captured-<status>")
	asJSON := flags.Bool("json", false, "print one JSON line a check")
	if err := flags.Parse(args); err != nil {
		return errors.Join(errArguments, err)
	}
	all, err := queries()
	if err != nil {
		return err
	}
	checks := all.checks()
	if *name != "" {
		if len(all.of(*name)) == 0 {
			return fmt.Errorf("%w: no check %q; there are %q", errArguments, *name, checks)
		}
		checks = []string{*name}
	}
	if flags.NArg() > 0 || !stateName.MatchString(*state) {
		return fmt.Errorf("%w: -state is lower-case letters, digits and '-', and nothing follows the flags", errArguments)
	}
	windows, err := open(ctx)
	if err != nil {
		return err
	}
	c := &capture{windows: windows, table: all, redact: newRedactor(windows.names())}
	var failed []error
	for _, id := range checks {
		report := c.check(ctx, id)
		if *folder != "" {
			failed = append(failed, report.save(*folder, *state))
		}
		failed = append(failed, report.print(out, *asJSON))
		if len(report.Differences) > 0 {
			failed = append(failed, fmt.Errorf("comparing %s: %d differences", id, len(report.Differences)))
		}
	}
	return errors.Join(failed...)
}
