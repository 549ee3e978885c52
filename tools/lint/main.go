// Command lint judges the tree without running the product: generated code,
// style, borders between packages, package docs and file lengths.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/osiriscare/osiris/tools/internal/repo"
	"github.com/osiriscare/osiris/tools/internal/stage"
)

func main() {
	root, err := repo.Root()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lint:", err)
		os.Exit(1)
	}
	stages := stages(root)
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "Usage: ./dev lint [STAGE...]\n\nJudges the tree. Without arguments every stage runs: %s\n", stage.Names(stages))
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err = stage.Run(ctx, os.Stdout, stages, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lint:", err)
		os.Exit(1)
	}
}

// stages lists what lint does, quick and telling things first.
func stages(root string) []stage.Stage {
	return []stage.Stage{
		{Name: "generated", Run: command(root, nil, "go", "run", "-buildvcs=false", "./tools/gen", "--check")},
		// The rules of the tree that no linter knows are tests.
		{Name: "repocheck", Run: command(root, nil, "go", "test", "./tools/repocheck/...")},
		{Name: "golangci", Run: command(root, nil, "go", "tool", "golangci-lint", "run", "--allow-serial-runners", "./...")},
		// Files for other systems are seen by no linter that runs here.
		{Name: "windows", Run: command(root, []string{"GOOS=windows", "CGO_ENABLED=0"}, "go", "vet", "./agent/...", "./shared/...")},
		{Name: "darwin", Run: command(root, []string{"GOOS=darwin", "CGO_ENABLED=0"}, "go", "vet", "./agent/...", "./shared/...")},
		{Name: "modernc", Run: command(root, nil, "go", "vet", "-tags", "osiris_modernc", "./agent/...")},
	}
}

// command is a stage that runs one program.
func command(root string, env []string, name string, args ...string) func(context.Context, io.Writer) error {
	return func(ctx context.Context, out io.Writer) error {
		cmd := repo.Command(ctx, root, out, name, args...)
		cmd.Env = append(os.Environ(), env...)
		return cmd.Run()
	}
}
