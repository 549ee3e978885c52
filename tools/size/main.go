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
	allowance := int64(0)
	if len(files) == 0 {
		allowance = longNames
	}
	if !asJSON {
		table(built, allowance)
	}
	return judge(built, allowance)
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

func table(built []binary, allowance int64) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "target\tbytes\tlimit\tfree\t")
	for i, b := range built {
		fmt.Fprintf(w, "%s/%s\t%d\t%d\t%d\t\n", b.GOOS, b.GOARCH, b.Bytes, targets[i].limit+allowance, targets[i].limit+allowance-b.Bytes)
	}
	// Standard output: nothing can be done when it is gone.
	_ = w.Flush()
	if allowance > 0 {
		fmt.Printf("built by go build: what Bazel releases is about 36,000 bytes smaller, and so are its limits; ./dev bazel test //tools/size:agent_size_test judges that\n")
	}
}

// judge names every target over its limit and the allowance.
func judge(built []binary, allowance int64) error {
	var over []string
	for i, b := range built {
		if most := targets[i].limit + allowance; b.Bytes > most {
			over = append(over, fmt.Sprintf("%s/%s is %d bytes over %d (%s)", b.GOOS, b.GOARCH, b.Bytes-most, most, targets[i].why))
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
