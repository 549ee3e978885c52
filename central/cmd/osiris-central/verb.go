package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/osiriscare/osiris/central/internal/config"
)

// dispatch finds the verb.
func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("a verb is missing: %w", errUsage)
	}
	verb, rest := args[0], args[1:]
	if verb == "root" && len(rest) > 0 {
		verb, rest = verb+" "+rest[0], rest[1:]
	}
	do, known := verbs[verb]
	if !known {
		return fmt.Errorf("there is no verb %q: %w", verb, errUsage)
	}
	o := &options{stdout: stdout, stderr: stderr, flags: flag.NewFlagSet(verb, flag.ContinueOnError)}
	o.flags.SetOutput(io.Discard)
	o.flags.StringVar(&o.config, "config", "", "configuration file")
	o.flags.Var(settings{&o.set}, "set", "override a setting, KEY=VALUE")
	o.flags.StringVar(&o.dir, "dir", "", "folder of the Central root")
	o.flags.StringVar(&o.onlineKey, "online-key", "", "file online.pub of the data folder")
	o.flags.StringVar(&o.out, "out", "", "file to write")
	o.flags.StringVar(&o.rootDir, "root-dir", "", "folder of the Central root; default is the data folder")
	o.flags.BoolVar(&o.noRoot, "no-root", false, "make no root: it is kept offline and delegates later")
	o.flags.DurationVar(&o.valid, "valid", 0, "how long the delegation holds")
	if err := o.flags.Parse(rest); err != nil {
		return fmt.Errorf("%s: %w: %w", verb, err, errUsage)
	}
	if o.flags.NArg() > 0 {
		return fmt.Errorf("%s: unexpected %q: %w", verb, o.flags.Arg(0), errUsage)
	}
	return do(ctx, o)
}

// verbs are what the program does.
var verbs = map[string]func(context.Context, *options) error{
	"serve": serve, "init": initialise, "root init": rootInit, "root delegate": rootDelegate,
	"login-link": loginLink, "rebuild": rebuild,
	"validate": func(_ context.Context, o *options) error {
		if _, err := o.load(); err != nil {
			return err
		}
		return o.say("the configuration is valid")
	},
	"sample":  func(_ context.Context, o *options) error { return o.say(strings.TrimSuffix(config.Sample, "\n")) },
	"version": func(_ context.Context, o *options) error { return o.say("osiris-central " + version) },
	"help":    func(_ context.Context, o *options) error { return o.say(strings.TrimSuffix(help, "\n")) },
}

// options are the flags of any verb.
type options struct {
	stdout, stderr io.Writer
	flags          *flag.FlagSet
	config         string
	set            map[string]string
	dir            string
	onlineKey      string
	out            string
	rootDir        string
	noRoot         bool
	valid          time.Duration
}

func (o *options) load() (config.Config, error) { return config.Load(o.config, os.Getenv, o.set) }

func (o *options) say(text string) error {
	_, err := fmt.Fprintln(o.stdout, text)
	return err
}

// settings collects --set.
type settings struct{ into *map[string]string }

// String implements flag.Value.
func (s settings) String() string { return "" }

// Set implements flag.Value.
func (s settings) Set(v string) error {
	key, value, found := strings.Cut(v, "=")
	if !found {
		return fmt.Errorf("%q is not KEY=VALUE", v)
	}
	if *s.into == nil {
		*s.into = map[string]string{}
	}
	(*s.into)[key] = value
	return nil
}
