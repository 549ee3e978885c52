// Command size builds the agent for each target exactly as it ships and judges
// its size (DESIGN D19, D20). Sizes are bytes on disk, uncompressed. It also says
// how many of them each package has: what ships has no symbols, so that their
// places come from a twin that is linked alike but keeps them, and functions' lines
// from the line table of the file itself.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/osiriscare/osiris/tools/internal/repo"
)

const usage = `Usage: ./dev size [--target GOOS/GOARCH] [--top N] [--json] [--compare FILE]
       size [--json] GOOS/GOARCH=FILE...

Builds the agent into dist/ for each target, or takes the built FILE of each, and
fails when one is over its limit. Of what it builds it says how many bytes each
package has in the file. A package has its code; its lines (what Go keeps for each
function: name, lines, stack maps, on Windows also unwinding and relocations); its
data; its types. What several packages share, or the linker gathers without names,
is not attributed. What a package brings with it stands under its own name: save
--json, build with the package, and --compare says what it added.

`

// options are what the command line asks for.
type options struct {
	asJSON  bool
	top     int
	target  string
	compare string
}

func main() {
	var o options
	flag.BoolVar(&o.asJSON, "json", false, "print one JSON object a line and target, with all packages")
	flag.IntVar(&o.top, "top", 20, "how many packages to print, 0 for all")
	flag.StringVar(&o.target, "target", "", "only this target, with the parts of each package")
	flag.StringVar(&o.compare, "compare", "", "print what differs from a kept output of --json")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, &o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "size:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options, files []string) error {
	wanted := targets
	if o.target != "" {
		i := slices.IndexFunc(targets, func(t target) bool { return t.String() == o.target })
		if i < 0 {
			return fmt.Errorf("%s is no target: they are %v", o.target, targets)
		}
		wanted = targets[i : i+1]
	}
	var kept []agent
	if o.compare != "" {
		var err error
		if kept, err = readKept(o.compare); err != nil {
			return err
		}
	}
	take, allowance := measure, int64(0)
	if len(files) == 0 {
		var err error
		if take, err = compileAll(ctx); err != nil {
			return err
		}
		allowance = longNames
	}
	var built []agent
	for _, t := range wanted {
		b, err := take(t, files)
		if err != nil {
			return err
		}
		built = append(built, b)
		if o.asJSON {
			if err := json.NewEncoder(os.Stdout).Encode(b); err != nil {
				return fmt.Errorf("writing the result: %w", err)
			}
		}
	}
	if !o.asJSON {
		out := bufio.NewWriter(os.Stdout)
		table(out, wanted, built, allowance)
		switch {
		case o.compare != "":
			differences(out, kept, built)
		case len(files) > 0:
		case o.target != "":
			parts(out, &built[0], o.top)
		default:
			packages(out, built, o.top)
		}
		// Standard output: nothing can be done when it is gone.
		_ = out.Flush()
	}
	return judge(wanted, built, allowance)
}

// compileAll gives what builds a target's agent.
func compileAll(ctx context.Context) (func(target, []string) (agent, error), error) {
	root, err := repo.Root()
	return func(t target, _ []string) (agent, error) { return compile(ctx, root, t) }, err
}

// measure finds a target's file among GOOS/GOARCH=FILE. Each target must be
// there: a platform that was not built is no platform that fits.
func measure(t target, files []string) (agent, error) {
	for _, file := range files {
		platform, path, _ := strings.Cut(file, "=")
		if platform != t.goos+"/"+t.goarch {
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return agent{}, fmt.Errorf("measuring the agent for %s: %w", platform, err)
		}
		return agent{GOOS: t.goos, GOARCH: t.goarch, Bytes: info.Size(), Path: path}, nil
	}
	return agent{}, fmt.Errorf("no file was given for %s/%s", t.goos, t.goarch)
}

// judge names every target over its limit and the allowance.
func judge(wanted []target, built []agent, allowance int64) error {
	var over []string
	for i, b := range built {
		if most := wanted[i].limit + allowance; b.Bytes > most {
			over = append(over, fmt.Sprintf("%s is %d bytes over %d (%s)", wanted[i], b.Bytes-most, most, wanted[i].why))
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
