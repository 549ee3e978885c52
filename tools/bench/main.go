// Command bench runs one measurement of DESIGN §11 and prints JSON lines. The
// measurement itself is a command of the component it measures.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"

	"github.com/osiriscare/osiris/e2e/binary"
	"github.com/osiriscare/osiris/e2e/lab/domain"
	"github.com/osiriscare/osiris/tools/internal/repo"
)

// benches maps a measurement to the binary that has it as a verb.
var benches = map[string]string{
	"intake":   "benchappliance",
	"evidence": "benchappliance",
}

func main() {
	if os.Getenv(listerVariable) != "" {
		os.Exit(domain.Main(do)) // what directoryBench started
	}
	os.Exit(do())
}

// do gives the exit code.
func do() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0 // it was shown
		}
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

func run(ctx context.Context, args []string) error {
	const usage = "Usage: ./dev bench intake|evidence|agent|sweep|directory [ARGS]\n\nMeasures and prints JSON lines; sweep has directory in it, which needs root and Samba; docs/benchmarks.md has what was measured before.\n"
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" {
		fmt.Print(usage)
		return nil
	}
	root, err := repo.Root()
	if err != nil {
		return err
	}
	if args[0] == "agent" {
		return agentBench(ctx, root, args[1:])
	}
	if args[0] == "sweep" {
		return sweepBench(ctx, root, args[1:])
	}
	if args[0] == "directory" {
		return directoryBench(ctx, root, args[1:])
	}
	name, ok := benches[args[0]]
	if !ok {
		return fmt.Errorf("there is no bench %q, there are: agent directory evidence intake sweep", args[0])
	}
	path, err := binary.Build(ctx, root, name)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil && !slices.Contains(args, "--help") {
		return fmt.Errorf("measuring %s: %w", args[0], err)
	}
	return nil
}
