package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/bundle/bundletest"
)

// evidenceTarget is DESIGN section 11: bundles/s at 16 producers.
const (
	evidenceTarget          = 8000
	evidenceTargetProducers = 16
)

// evidenceLine is one measurement.
type evidenceLine struct {
	Bench       string  `json:"bench"`
	Producers   int     `json:"producers"`
	BundleBytes int     `json:"bundle_bytes"`
	Bundles     int     `json:"bundles"`
	Seconds     float64 `json:"seconds"`
	PerSecond   float64 `json:"bundles_per_s"`
	P50         float64 `json:"ack_p50_ms"`
	P99         float64 `json:"ack_p99_ms"`
	CPU         float64 `json:"cpu_us_per_bundle"` // user and system, all of the process: tells a busy machine from slow code
	BytesEach   float64 `json:"disk_bytes_per_bundle"`
	Export      bool    `json:"export"`
	Target      *int    `json:"target"`
	Met         *bool   `json:"met"`
	Machine     machine `json:"machine"`
}

// evidenceBench measures encode, sign, store, sequence, checkpoint: the time
// from a filled-in bundle to its ack.
func evidenceBench(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("evidence", flag.ContinueOnError)
	dir := flags.String("dir", os.TempDir(), "folder on the disk to measure")
	seconds := flags.Float64("seconds", 5, "time of each measurement")
	counts := flags.String("producers", "1,16,256", "numbers of producers")
	export := flags.Bool("export", false, "also write the folders while measuring")
	profile := flags.String("cpuprofile", "", "file for a CPU profile")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // a profile cut short shows in pprof
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	where := thisMachine(*dir)
	for _, count := range strings.Split(*counts, ",") {
		producers, err := strconv.Atoi(count)
		if err != nil || producers < 1 {
			return fmt.Errorf("reading -producers: %q", count)
		}
		line, err := measureEvidence(ctx, *dir, producers, time.Duration(*seconds*float64(time.Second)), *export)
		if err != nil {
			return fmt.Errorf("measuring %d producers: %w", producers, err)
		}
		line.Machine = where
		if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func measureEvidence(ctx context.Context, dir string, producers int, length time.Duration, export bool) (evidenceLine, error) {
	line := evidenceLine{Bench: "evidence", Producers: producers, Export: export}
	dir, err := os.MkdirTemp(dir, "bench-evidence-")
	if err != nil {
		return line, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // throwaway
	world := bundletest.NewWorld(fatal{}, "bench")
	cfg := evidence.Config{
		Path: filepath.Join(dir, "evidence.db"), Origin: world.OriginOf(0),
		SiteID: world.SiteID, ApplianceID: world.ApplianceID, CommandKey: world.Command.Public(),
	}
	if export {
		cfg.Dir = filepath.Join(dir, "evidence")
	}
	e, err := evidence.New(ctx, cfg, world.Bundle, world.Log, world, slog.New(slog.DiscardHandler))
	if err != nil {
		return line, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- e.Run(running) }()
	spent := cpuTime()
	acks, failed := produce(ctx, e, world, producers, length, &line.Seconds)
	spent = cpuTime() - spent
	stop()
	if err := errors.Join(failed, <-ended, e.Close()); err != nil {
		return line, err
	}
	summarize(&line, acks)
	line.CPU = round(float64(spent.Microseconds()) / float64(max(1, len(acks))))
	sample, err := world.Drift(1).Encode()
	if err != nil {
		return line, err
	}
	line.BundleBytes = len(sample)
	if info, err := os.Stat(cfg.Path); err == nil && len(acks) > 0 {
		line.BytesEach = round(float64(info.Size()) / float64(len(acks)))
	}
	return line, nil
}

// produce runs the producers and returns the time of every ack.
func produce(ctx context.Context, e *evidence.Evidence, world *bundletest.World, producers int, length time.Duration, took *float64) ([]time.Duration, error) {
	warm := evidence.Draft{Bundle: world.Drift(1 << 50)}
	if _, err := e.Add(ctx, warm); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var all []time.Duration
	var errs error
	var group sync.WaitGroup
	begin := time.Now()
	for p := range producers {
		group.Go(func() {
			own, err := produceOne(ctx, e, world, uint64(p+1)<<32, begin.Add(length))
			mu.Lock()
			defer mu.Unlock()
			all, errs = append(all, own...), errors.Join(errs, err)
		})
	}
	group.Wait()
	*took = round(time.Since(begin).Seconds())
	return all, errs
}

func produceOne(ctx context.Context, e *evidence.Evidence, world *bundletest.World, n uint64, until time.Time) ([]time.Duration, error) {
	var acks []time.Duration
	draft := evidence.Draft{Bundle: world.Drift(n)}
	draft.Bundle.MadeTime = 0 // now: a real day's folder
	for ; time.Now().Before(until); n++ {
		draft.Bundle.Seq, draft.Bundle.BundleID = n, bundle.ID(draft.Bundle.AgentID, draft.Bundle.QueueID, n, draft.Bundle.Phase)
		begin := time.Now()
		if _, err := e.Add(ctx, draft); err != nil {
			return acks, err
		}
		acks = append(acks, time.Since(begin))
	}
	return acks, nil
}

func summarize(line *evidenceLine, acks []time.Duration) {
	slices.Sort(acks)
	line.Bundles = len(acks)
	if len(acks) == 0 {
		return
	}
	line.PerSecond = round(float64(len(acks)) / line.Seconds)
	line.P50 = milliseconds(acks[len(acks)/2])
	line.P99 = milliseconds(acks[len(acks)*99/100])
	if line.Producers == evidenceTargetProducers {
		target, met := evidenceTarget, line.PerSecond >= evidenceTarget
		line.Target, line.Met = &target, &met
	}
}

func milliseconds(d time.Duration) float64 { return round(float64(d) / float64(time.Millisecond)) }

// round keeps two decimals.
func round(f float64) float64 { return float64(int64(f*100+0.5)) / 100 }

// fatal ends the benchmark if the throwaway keys cannot be made.
type fatal struct{}

func (fatal) Helper() {}

func (fatal) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, append([]any{"benchappliance:"}, args...)...)
	os.Exit(1)
}
