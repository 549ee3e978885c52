// Command up shows the product at work on one machine, without root: it starts
// Central, an appliance and an agent with throwaway data, breaks a setting from
// outside and shows drift, healing and proof, then breaks one that cannot be
// healed, then signs a newer agent with keys of its own, which the agent installs.
// Meanwhile the appliance scans a practice of Windows hosts (tools/winlab), which
// run in this process.
// All programs are the ones that ship; what it knows it reads from
// their logs, their APIs and the files they leave. Durations are milliseconds.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/osiriscare/osiris/e2e/stack"
	"github.com/osiriscare/osiris/tools/internal/repo"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

// mostHosts is what one machine shows beside all the programs.
const mostHosts = 200

// options are what a person can choose.
type options struct {
	once, json bool
	data       string
	hosts      int
	ports      stack.Ports
}

// result is what --json prints.
type result struct {
	OK           bool   `json:"ok"`
	Error        string `json:"error,omitempty"`
	Steps        []step `json:"steps"`
	DataDir      string `json:"data_dir"`
	EvidenceDir  string `json:"evidence_dir"`
	Trust        string `json:"trust"`
	DashboardURL string `json:"dashboard_url"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run gives the exit code. With --json, standard output carries one object and
// nothing else, whatever happens.
func run(ctx context.Context, args []string, out, log io.Writer) int {
	opts, err := parse(args, log)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	asJSON := opts.json || slices.Contains(args, "--json") || slices.Contains(args, "-json")
	screen := out
	if asJSON {
		screen = log
	}
	res := result{Steps: []step{}}
	if err == nil {
		err = up(ctx, opts, newShow(screen), &res)
	}
	if ctx.Err() != nil && err != nil {
		// What was under way says how it was cut off, which nobody asked.
		err = errors.New("interrupted before all of it happened")
	}
	res.OK = err == nil
	if err != nil {
		// What a compiler or a verifier says has many lines.
		res.Error = strings.Join(strings.FieldsFunc(err.Error(), func(c rune) bool { return c == '\n' }), "; ")
		fmt.Fprintln(log, "up:", res.Error)
	}
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(res); err != nil {
			return 1
		}
	}
	if !res.OK {
		return 1
	}
	return 0
}

func parse(args []string, log io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("up", flag.ContinueOnError)
	fs.SetOutput(log)
	fs.BoolVar(&o.once, "once", false, "do one round and exit; 0 only when all of it happened")
	fs.BoolVar(&o.json, "json", false, "print one JSON object on standard output, the log on standard error")
	fs.StringVar(&o.data, "data", "", "`folder` for all data, new or empty (a new one under the system's temporary folder)")
	fs.IntVar(&o.hosts, "hosts", practice.DefaultHosts, "`number` of Windows hosts that the appliance scans without an agent, 0 to 200")
	fs.IntVar(&o.ports.Web, "web-port", 0, "port of the dashboard (a free one)")
	fs.IntVar(&o.ports.API, "api-port", 0, "port of Central's API for appliances (a free one)")
	fs.IntVar(&o.ports.Agent, "agent-port", 0, "port on which the appliance serves agents (a free one)")
	fs.IntVar(&o.ports.Sensor, "sensor-port", 0, "port on which the appliance serves legacy sensors (a free one)")
	fs.Usage = func() {
		fmt.Fprint(log, "Usage: ./dev up [--once] [--json] [--hosts N] [--data DIR]\n\nStarts Central, an appliance, an agent and a practice of Windows hosts, and shows drift being found, healed and proven.\n\n")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("up takes no argument %q; see ./dev up --help", fs.Arg(0))
	}
	if o.hosts < 0 || o.hosts > mostHosts {
		return o, fmt.Errorf("--hosts is 0 to %d, not %d", mostHosts, o.hosts)
	}
	return o, nil
}

// up does the round, and without --once stays until it is interrupted. The
// programs are stopped whatever happens.
func up(ctx context.Context, opts options, show *show, res *result) (err error) {
	root, err := repo.Root()
	if err != nil {
		return err
	}
	if err := opts.ports.Check(ctx); err != nil {
		return err
	}
	dir, err := dataDir(opts.data)
	if err != nil {
		return err
	}
	res.DataDir = dir
	show.say("data in %s", dir)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &round{root: root, dir: dir, ports: opts.ports, hosts: opts.hosts, show: show, res: res, fail: cancel}
	// The programs are stopped also when the context is what ended the round.
	stopping := context.WithoutCancel(ctx)
	defer func() { err = r.end(stopping, err) }()
	if err := r.play(ctx); err != nil {
		return err
	}
	if opts.once {
		return nil
	}
	show.say("all of it happened; the programs run on. Dashboard: %s", r.login)
	show.say("break it yourself: edit %s", r.computer.Sysctl(hardeningFile))
	if r.practice != nil {
		show.say("or %s", ordersHelp)
		// In the background nobody types, and asking would stop the program.
		signal.Ignore(syscall.SIGTTIN)
		// It waits for a line when the program ends.
		go r.obey(os.Stdin)
	}
	show.say("ask Central yourself, in another terminal: export %s", r.operatorEnv())
	show.say("and then: ./dev run osirisctl hosts, incidents, target list, runbook run RUNBOOK --target NAME --dry-run --wait 1m")
	show.say("Ctrl-C stops everything")
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}
