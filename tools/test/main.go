// Command test runs every test that must pass: unit tests under the race
// detector, the agent's storage on both SQLites, tests of real binaries, the
// agent's size, and a short run of every fuzz target. It prints the time of
// each stage. In CI a skipped test is a broken one.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/osiriscare/osiris/tools/internal/repo"
	"github.com/osiriscare/osiris/tools/internal/stage"
)

// suite is what the stages share.
type suite struct {
	root string
	// ci makes a skipped test an error.
	ci bool
	// fuzzTime is how long each fuzz target runs.
	fuzzTime time.Duration
	// packages limits the unit tests.
	packages []string
}

func main() {
	s := suite{ci: os.Getenv("CI") != ""}
	flag.DurationVar(&s.fuzzTime, "fuzztime", 3*time.Second, "how long each fuzz target runs")
	var only list
	flag.Var(&only, "stage", "run only this stage, may be given again")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), `Usage: ./dev test [--stage NAME]... [PACKAGE...]

Runs every test that must pass; packages limit the unit tests.
Stages: %s
As root on Debian, or with CI set, it first installs the Debian packages of
tools/debian-packages.txt. With CI set a skipped test is a broken one.

`, stage.Names(s.stages()))
		flag.PrintDefaults()
	}
	flag.Parse()
	s.packages = flag.Args()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := s.run(ctx, only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "test:", err)
		os.Exit(1)
	}
}

func (s *suite) run(ctx context.Context, only []string) error {
	root, err := repo.Root()
	if err != nil {
		return err
	}
	s.root = root
	return stage.Run(ctx, os.Stdout, s.stages(), only)
}

func (s *suite) stages() []stage.Stage {
	return []stage.Stage{
		{Name: "packages", Run: s.install},
		{Name: "unit", Run: s.unit},
		{Name: "modernc", Run: s.modernc},
		{Name: "integration", Run: s.integration},
		{Name: "size", Run: s.size},
		{Name: "fuzz", Run: s.fuzz},
	}
}

// list is a flag that may be given again.
type list []string

func (l *list) String() string { return fmt.Sprint(*l) }

func (l *list) Set(v string) error {
	*l = append(*l, v)
	return nil
}
