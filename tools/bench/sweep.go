package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/osiriscare/osiris/e2e/binary"
)

// sweepBench lets the scanner of benchappliance sweep the hosts of tools/winlab,
// each in a process of its own, so that the memory is the scanner's.
func sweepBench(ctx context.Context, root string, args []string) error {
	set := flag.NewFlagSet("bench sweep", flag.ContinueOnError)
	hosts := set.Int("hosts", 500, "workstations that answer")
	hung := set.Int("hung", 50, "more that accept and never answer")
	delay := set.Duration("delay", 300*time.Millisecond, "what a host takes to answer")
	limit := set.Int("limit", 0, "hosts at a time; the default's if 0")
	dir := set.String("dir", os.TempDir(), "folder on the disk to measure")
	if err := set.Parse(args); err != nil {
		return err
	}
	scanner, err := binary.Build(ctx, root, "benchappliance")
	if err != nil {
		return err
	}
	lab := filepath.Join(root, ".cache", "bin", "winlab")
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", lab, "./tools/winlab")
	build.Dir, build.Stderr = root, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building tools/winlab: %w", err)
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	practice := exec.CommandContext(running, lab, "-hosts", strconv.Itoa(*hosts+*hung), "-hung", strconv.Itoa(*hung), "-delay", delay.String())
	practice.Cancel = func() error { return practice.Process.Signal(os.Interrupt) }
	practice.WaitDelay = 10 * time.Second
	inventory, err := practice.StdoutPipe()
	if err != nil {
		return err
	}
	if err := practice.Start(); err != nil {
		return fmt.Errorf("starting tools/winlab: %w", err)
	}
	measure := []string{"sweep", "-dir", *dir}
	if *limit > 0 {
		measure = append(measure, "-limit", strconv.Itoa(*limit))
	}
	cmd := exec.CommandContext(ctx, scanner, measure...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inventory, os.Stdout, os.Stderr
	err = cmd.Run()
	stop()
	// Interrupted on purpose, it has nothing to say any more.
	var ended *exec.ExitError
	if waited := practice.Wait(); waited != nil && !errors.As(waited, &ended) && !errors.Is(waited, context.Canceled) {
		err = errors.Join(err, waited)
	}
	if err != nil {
		return fmt.Errorf("measuring a sweep: %w", err)
	}
	return directoryBench(ctx, root, []string{"-dir", *dir})
}
