// Command size builds the agent for each target exactly as it ships and judges
// its size (DESIGN D19, D20). Sizes are bytes on disk, uncompressed.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/osiriscare/osiris/tools/internal/repo"
)

func main() {
	asJSON := flag.Bool("json", false, "print one JSON object a line: goos, goarch, bytes, path")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), "Usage: ./dev size [--json]\n       size [--json] GOOS/GOARCH=FILE...\n\n"+
			"Builds the agent into dist/ for each target, or takes the built FILE of each, and fails when one is over its limit.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *asJSON, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "size:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, asJSON bool, files []string) error {
	take := measure
	if len(files) == 0 {
		var err error
		if take, err = compileAll(ctx); err != nil {
			return err
		}
	}
	var built []binary
	for _, t := range targets {
		b, err := take(t, files)
		if err != nil {
			return err
		}
		built = append(built, b)
		if asJSON {
			if err := json.NewEncoder(os.Stdout).Encode(b); err != nil {
				return fmt.Errorf("writing the result: %w", err)
			}
		}
	}
	if !asJSON {
		table(built)
	}
	return judge(built)
}

// compileAll gives what builds a target's agent.
func compileAll(ctx context.Context) (func(target, []string) (binary, error), error) {
	root, err := repo.Root()
	return func(t target, _ []string) (binary, error) { return compile(ctx, root, t) }, err
}

// measure finds a target's file among GOOS/GOARCH=FILE. Each target must be
// there: a platform that was not built is no platform that fits.
func measure(t target, files []string) (binary, error) {
	for _, file := range files {
		platform, path, _ := strings.Cut(file, "=")
		if platform != t.goos+"/"+t.goarch {
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return binary{}, fmt.Errorf("measuring the agent for %s: %w", platform, err)
		}
		return binary{t.goos, t.goarch, info.Size(), path}, nil
	}
	return binary{}, fmt.Errorf("no file was given for %s/%s", t.goos, t.goarch)
}

func table(built []binary) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "target\tbytes\tlimit\tfree\t")
	for i, b := range built {
		fmt.Fprintf(w, "%s/%s\t%d\t%d\t%d\t\n", b.GOOS, b.GOARCH, b.Bytes, targets[i].limit, targets[i].limit-b.Bytes)
	}
	// Standard output: nothing can be done when it is gone.
	_ = w.Flush()
}

// judge names every target over its limit.
func judge(built []binary) error {
	var over []string
	for i, b := range built {
		if b.Bytes > targets[i].limit {
			over = append(over, fmt.Sprintf("%s/%s is %d bytes over %d (%s)", b.GOOS, b.GOARCH, b.Bytes-targets[i].limit, targets[i].limit, targets[i].why))
		}
	}
	if len(over) > 0 {
		return fmt.Errorf("the agent is too big: %s; agent/README.md says what costs how much", strings.Join(over, "; "))
	}
	return nil
}

// output is where a target's binary goes.
func output(root string, t target) string {
	name := "osiris-agent"
	if t.goos == "windows" {
		name += ".exe"
	}
	return filepath.Join(root, "dist", t.goos+"_"+t.goarch, name)
}
