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
		fmt.Fprint(flag.CommandLine.Output(), "Usage: ./dev size [--json]\n\nBuilds the agent into dist/ for each target and fails when one is over its limit.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *asJSON); err != nil {
		fmt.Fprintln(os.Stderr, "size:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, asJSON bool) error {
	root, err := repo.Root()
	if err != nil {
		return err
	}
	var built []binary
	for _, t := range targets {
		b, err := compile(ctx, root, t)
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
