// Command benchappliance measures the appliance's hot paths with its real code
// and the disk it is pointed at, and prints one JSON line a measurement:
//
//	benchappliance evidence [-dir DIR] [-seconds N] [-producers 1,16,256]
//	benchappliance intake [-dir DIR] [-seconds N] [-agents 64]
//	winlab ... | benchappliance sweep [-dir DIR] [-limit N] [-deadline D]
//	bench directory, which starts: benchappliance directory [-dir DIR]
//
// Rates are per second, latencies milliseconds. Each line names the target of
// DESIGN section 11 that it is held against, if any, and whether it was met.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

// benches are the subcommands.
var benches = map[string]func(ctx context.Context, args []string) error{
	"directory": directoryBench,
	"evidence":  evidenceBench,
	"intake":    intakeBench,
	"sweep":     sweepBench,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "benchappliance:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || benches[args[0]] == nil {
		return fmt.Errorf("say what to measure: directory, evidence, intake or sweep")
	}
	return benches[args[0]](ctx, args[1:])
}
