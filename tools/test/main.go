// Command test runs every test that must pass: unit tests under the race
// detector, the agent's storage on both SQLites, tests of real binaries, on Wine too, the
// agent's size, and a short run of every fuzz target. It prints the time of
// each stage. In CI a skipped test is a broken one.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/osiriscare/osiris/tools/internal/bazel"
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
	// byBazel leaves the unit tests and the agent's size to Bazel.
	byBazel bool
}

func main() {
	if bazel.Inside() {
		return
	}
	s := suite{ci: os.Getenv("CI") != ""}
	flag.DurationVar(&s.fuzzTime, "fuzztime", 3*time.Second, "how long each fuzz target runs")
	flag.BoolVar(&s.byBazel, "bazel", false, "run what Bazel can run by Bazel, in sandboxes, and only the rest by go test")
	var only list
	flag.Var(&only, "stage", "run only this stage, may be given again")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), `Usage: ./dev test [--bazel] [--stage NAME]... [PACKAGE...]

Runs every test that must pass; packages limit the unit tests.
Stages: %s
As root on Debian, or with CI set, it first installs the Debian packages of
tools/debian-packages.txt. With CI set a skipped test is a broken one.

`, stage.Names(s.stages()))
		flag.PrintDefaults()
	}
	flag.Parse()
	if s.byBazel && flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "test: with --bazel the packages are Bazel's to choose: ./dev bazel test //PACKAGE:all")
		os.Exit(2)
	}
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
	stages := []stage.Stage{
		{Name: "packages", Run: s.install},
		{Name: "unit", Run: s.unit},
		{Name: "modernc", Run: s.modernc},
		{Name: "native", Run: s.native},
		{Name: "integration", Run: s.integration},
		{Name: "wine", Run: s.wine},
	}
	if s.byBazel {
		// A Bazel test judges the size of what Bazel built.
		stages = slices.Insert(stages, 1, stage.Stage{Name: "bazel", Run: s.bazel})
	} else {
		stages = append(stages, stage.Stage{Name: "size", Run: s.size})
	}
	return append(stages, stage.Stage{Name: "fuzz", Run: s.fuzz})
}

// list is a flag that may be given again.
type list []string

func (l *list) String() string { return fmt.Sprint(*l) }

func (l *list) Set(v string) error {
	*l = append(*l, v)
	return nil
}
