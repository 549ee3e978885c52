package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// shell is what commands share.
type shell struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer

	server, tokenFile, ca string
	json                  bool
	limit                 uint
	all                   bool
}

// command is one verb with its words.
type command struct {
	words string // such as "evidence verify"
	args  string // what follows, for help
	says  string
	more  func(f *flag.FlagSet, o *options)
	do    func(ctx context.Context, s *shell, o *options, args []string) error
	count [2]int // least and most arguments
}

// options are the flags of single commands.
type options struct {
	trust, out, client, site, host, incident, check, state, name, tier, ceiling, reason, platform string
	valid, interval                                                                               time.Duration
	hostTiers, checks, standing, parameters                                                       list
	held, force, unwatched, withoutDirectory                                                      bool
	named                                                                                         map[string]bool // flags that were given
	target                                                                                        targetFlags
	cred                                                                                          credentialFlags
	order                                                                                         orderFlags
}

// list is a repeatable flag.
type list []string

// String implements flag.Value.
func (l *list) String() string { return strings.Join(*l, ",") }

// Set implements flag.Value.
func (l *list) Set(v string) error { *l = append(*l, v); return nil }

// dispatch finds the command and parses flags before, between and after its
// arguments.
func dispatch(ctx context.Context, args []string, s *shell) error {
	if len(args) == 0 || slices.Contains([]string{"help", "--help", "-h"}, args[0]) {
		return s.help()
	}
	c, rest := find(args)
	if c == nil {
		return s.noCommand(args)
	}
	o := &options{}
	f := flag.NewFlagSet(c.words, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	s.flags(f)
	if c.more != nil {
		c.more(f, o)
	}
	var given []string
	for {
		if err := f.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return s.helpOf(c, f)
			}
			return fmt.Errorf("%s: %w: %w", c.words, err, errUsage)
		}
		if f.NArg() == 0 {
			break
		}
		given, rest = append(given, f.Arg(0)), f.Args()[1:]
	}
	o.named = map[string]bool{}
	f.Visit(func(one *flag.Flag) { o.named[one.Name] = true })
	if len(given) < c.count[0] || len(given) > c.count[1] {
		return fmt.Errorf("usage: osirisctl %s %s: %w", c.words, c.args, errUsage)
	}
	return c.do(ctx, s, o, given)
}

// find takes the longest match of words.
func find(args []string) (*command, []string) {
	all := allCommands()
	for n := min(2, len(args)); n > 0; n-- {
		words := strings.Join(args[:n], " ")
		for i := range all {
			if all[i].words == words {
				return &all[i], args[n:]
			}
		}
	}
	return nil, nil
}

// flags are those of every command.
func (s *shell) flags(f *flag.FlagSet) {
	f.StringVar(&s.server, "server", s.getenv("OSIRIS_CENTRAL_URL"), "address of Central, or OSIRIS_CENTRAL_URL")
	f.StringVar(&s.tokenFile, "token-file", s.getenv("OSIRIS_TOKEN_FILE"), "file with the operator token, or OSIRIS_TOKEN_FILE")
	f.StringVar(&s.ca, "ca", s.getenv("OSIRIS_CENTRAL_CA"), "file with Central's authority (ca/tls.pem), or OSIRIS_CENTRAL_CA")
	f.BoolVar(&s.json, "json", false, "print JSON")
	f.UintVar(&s.limit, "limit", 100, "rows of a list")
	f.BoolVar(&s.all, "all", false, "all rows of a list")
}

func (s *shell) help() error {
	if _, err := io.WriteString(s.stdout, "osirisctl works on evidence files and on Central.\n\n"); err != nil {
		return err
	}
	if err := s.lines(allCommands()); err != nil {
		return err
	}
	_, err := io.WriteString(s.stdout, `
Every command takes --json; osirisctl COMMAND --help shows its flags.
Where Central is:  --server URL  or OSIRIS_CENTRAL_URL  (http://127.0.0.1:8090)
Who asks:          --token-file F or OSIRIS_TOKEN_FILE  (operator.token of Central's data folder)
Exit codes: 0 done or proven, 1 error or broken, 2 usage, 3 consistent but signer not
pinned or not cosigned yet. Of an order that is waited for or shown: 4 the check fails and
nothing was changed, 5 refused or expired, 6 not done yet.
`)
	return err
}

func (s *shell) lines(commands []command) error {
	for _, c := range commands {
		if _, err := fmt.Fprintf(s.stdout, "  %s\n      %s\n", strings.TrimSpace(c.words+" "+c.args), c.says); err != nil {
			return err
		}
	}
	return nil
}

// noCommand shows the commands of a group such as "target", or says that there is
// none of these words.
func (s *shell) noCommand(args []string) error {
	var group []command
	for _, c := range allCommands() {
		if strings.HasPrefix(c.words, args[0]+" ") {
			group = append(group, c)
		}
	}
	switch {
	case len(group) == 0:
		return fmt.Errorf("there is no command %q: %w", strings.Join(args[:min(2, len(args))], " "), errUsage)
	case len(args) > 1 && slices.Contains([]string{"help", "--help", "-h"}, args[1]):
		return s.lines(group)
	case len(args) > 1 && !strings.HasPrefix(args[1], "-"):
		return fmt.Errorf("there is no command %q; `osirisctl %s --help` shows those there are: %w", args[0]+" "+args[1], args[0], errUsage)
	}
	return fmt.Errorf("%s is followed by a word; `osirisctl %s --help` shows which: %w", args[0], args[0], errUsage)
}

func (s *shell) helpOf(c *command, f *flag.FlagSet) error {
	if _, err := fmt.Fprintf(s.stdout, "osirisctl %s %s\n%s\n\n", c.words, c.args, c.says); err != nil {
		return err
	}
	f.SetOutput(s.stdout)
	f.PrintDefaults()
	return nil
}
