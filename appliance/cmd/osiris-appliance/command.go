package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/config"
	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
)

const usage = `usage: osiris-appliance VERB [flags]

  run         serve agents and sensors; claims the appliance first if need be
  claim       claim the appliance at Central and exit
  token new   make an enrolment token for agents
  agent list  list agents and what holds them
  agent approve, agent release
              decide about an agent that waits, or is in quarantine
  update list, update resume
              show how far agents' updates are, or let a halted one go on
  network list, network know
              list the devices of the network, or say that a new one belongs here
  sealing-key print the fingerprint of the key that credentials are sealed to
  validate    check the configuration and exit
  sample      print a configuration with every setting explained
  version     print the version

Every verb takes --help. --config FILE names the configuration.
`

// command carries out one verb.
func command(ctx context.Context, args []string, out, errs io.Writer) error {
	verb, rest := "", []string(nil)
	if len(args) > 0 {
		verb, rest = args[0], args[1:]
	}
	switch verb {
	case "run":
		return withConfig(verb, rest, errs, nil, func(c config.Config) error { return run(ctx, c, errs) })
	case "claim":
		return withConfig(verb, rest, errs, nil, func(c config.Config) error { return claimOnce(ctx, c, out) })
	case "token":
		return tokenVerb(ctx, rest, out, errs)
	case "agent":
		return agentVerb(ctx, rest, out, errs)
	case "update":
		return updateVerb(ctx, rest, out, errs)
	case "network":
		return networkVerb(ctx, rest, out, errs)
	case "sealing-key":
		return withConfig(verb, rest, errs, nil, func(c config.Config) error { return showSealing(c, out) })
	case "validate":
		return withConfig(verb, rest, errs, nil, func(c config.Config) error {
			if _, err := readAuthorities(c.Scan.CAFile); err != nil {
				return err
			}
			_, err := fmt.Fprintln(out, "the configuration is valid")
			return err
		})
	case "sample":
		_, err := io.WriteString(out, config.Sample)
		return err
	case "version":
		_, err := fmt.Fprintln(out, version)
		return err
	case "", "help", "-h", "--help":
		_, err := io.WriteString(out, usage)
		return err
	}
	return fmt.Errorf("there is no verb %q; osiris-appliance help lists them", verb)
}

// withConfig parses a verb's flags and loads the configuration.
func withConfig(verb string, args []string, errs io.Writer, more func(*flag.FlagSet), do func(config.Config) error) error {
	flags := flag.NewFlagSet("osiris-appliance "+verb, flag.ContinueOnError)
	flags.SetOutput(errs)
	path := flags.String("config", "", "configuration `FILE`")
	if more != nil {
		more(flags)
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case flags.NArg() > 0:
		return fmt.Errorf("%s takes no argument %q", verb, flags.Arg(0))
	}
	c, err := config.Load(*path, os.LookupEnv)
	if err != nil {
		return err
	}
	return do(c)
}

func tokenVerb(ctx context.Context, args []string, out, errs io.Writer) error {
	if len(args) == 0 || args[0] != "new" {
		return errors.New("use: osiris-appliance token new --out FILE")
	}
	var kind, file, address string
	var tier, count int
	var valid time.Duration
	return withConfig("token new", args[1:], errs, func(f *flag.FlagSet) {
		f.StringVar(&kind, "kind", "single", "single (one machine) or rollout (many, each waits for approval)")
		f.IntVar(&tier, "tier", int(trustlite.Tier_TIER_FULL_REMEDIATION), "highest tier its machines may get: 0, 1 or 2")
		f.IntVar(&count, "count", 1, "machines it serves")
		f.DurationVar(&valid, "valid", 24*time.Hour, "how long it may be used")
		f.StringVar(&file, "out", "", "`FILE` for the agent; it must not exist yet")
		f.StringVar(&address, "address", "", "`HOST:PORT` where agents reach this appliance; found out when empty")
	}, func(c config.Config) error {
		if file == "" {
			return errors.New("--out FILE is needed: a token is a secret and is not shown")
		}
		t := enroll.Token{Kind: enroll.Kind(strings.ToLower(kind)), Tier: trustlite.Tier(tier), Count: count, Valid: valid} //nolint:gosec // checked by NewToken
		if err := newToken(ctx, c, t, address, file); err != nil {
			return err
		}
		_, err := fmt.Fprintln(out, file)
		return err
	})
}
