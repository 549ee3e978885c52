package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/memory"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
)

// Targets of DESIGN section 11 and of the limits beside it.
const (
	sweepSeconds  = 60
	sweepBytes    = 200 << 20
	givenUpWithin = time.Second // of the deadline
	parallel      = 16          // goroutines on one host
	commandsEach  = 4
)

// labInventory is what tools/winlab prints.
type labInventory struct {
	User     string `json:"user"`
	Password string `json:"password"`
	CA       string `json:"ca"`
	Hosts    []struct {
		FQDN  string `json:"fqdn"`
		HTTPS string `json:"https"`
		Hung  bool   `json:"hung"`
	} `json:"hosts"`
}

// sweepLine is one measurement.
type sweepLine struct {
	Bench    string  `json:"bench"`
	Sweep    string  `json:"sweep"` // first and anew: nothing is connected yet; again: connections are; beside hung: anew, with hosts that accept and never answer
	Hosts    int     `json:"hosts"`
	Hung     int     `json:"hung"`
	Limit    int     `json:"limit"`
	Answered int     `json:"answered"`
	Seconds  float64 `json:"seconds"` // until the last that answers has
	Target   float64 `json:"target_seconds"`
	CPU      float64 `json:"cpu_ms_per_host"`
	Peak     int64   `json:"resident_peak_bytes"` // of the process so far
	Bytes    int64   `json:"target_bytes"`
	GivenUp  float64 `json:"given_up_off_by_s"` // the furthest from its deadline that a hung host was given up
	Met      bool    `json:"met"`
	Machine  machine `json:"machine"`
}

// sweepBench scans the hosts of an inventory on standard input as workstations:
// those that answer twice, then all of them. The scanner, the WinRM road, the
// registry, the intake, incidents and the outbox are the program's.
func sweepBench(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("sweep", flag.ContinueOnError)
	dir := flags.String("dir", os.TempDir(), "folder on the disk to measure")
	limit := flags.Int("limit", scan.Default().Limit, "hosts at a time")
	deadline := flags.Duration("deadline", 8*time.Second, "when a host is given up")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var in labInventory
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		return fmt.Errorf("reading the inventory of tools/winlab: %w", err)
	}
	memory.Tune() // as the program does
	base, err := os.MkdirTemp(*dir, "osiris-sweep-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(base) //nolint:errcheck // a folder for temporary files
	where := thisMachine(base)
	b := &sweeper{in: in, limit: *limit, deadline: *deadline, dir: base}
	if err := b.read(); err != nil {
		return err
	}
	if err := b.start(ctx); err != nil {
		return err
	}
	defer func() { b.close() }()
	for _, name := range []string{"first", "again"} {
		if _, err := b.measure(ctx, name, false, where); err != nil {
			return err
		}
	}
	// Both without a connection, in a process that is warm.
	var alone, beside sweepLine
	for _, m := range []struct {
		name string
		hung bool
		line *sweepLine
	}{{"anew", false, &alone}, {"beside hung", true, &beside}} {
		b.close()
		if err := b.start(ctx); err != nil {
			return err
		}
		if *m.line, err = b.measure(ctx, m.name, m.hung, where); err != nil {
			return err
		}
	}
	return errors.Join(b.compare(alone, beside), b.oneHost(ctx))
}

// sweeper is a scanner with what it works on.
type sweeper struct {
	in       labInventory
	limit    int
	deadline time.Duration
	dir      string
	hung     int
	targets  []script.Target
	all      bool // the hung ones too
	site     *rehearsal.Appliance
	road     *winrm.Road
	over     script.Road
	scanner  *scan.Scanner
	books    *runbook.Catalogue

	mu       sync.Mutex
	last     time.Time
	furthest time.Duration
}

// read takes the targets from the inventory.
func (b *sweeper) read() error {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(b.in.CA)) {
		return errors.New("the inventory has no authority")
	}
	for n, h := range b.in.Hosts {
		address, port, err := net.SplitHostPort(h.HTTPS)
		if err != nil {
			return fmt.Errorf("reading the inventory: %w", err)
		}
		number, err := strconv.Atoi(port)
		if err != nil {
			return fmt.Errorf("reading the inventory: %w", err)
		}
		if h.Hung {
			b.hung++
		}
		b.targets = append(b.targets, script.Target{
			ID: fmt.Sprintf("t_%04d", n), Kind: script.Workstation, Host: address, Port: number, Name: h.FQDN, CAs: pool, Credential: "scan",
		})
	}
	return nil
}

func (b *sweeper) start(ctx context.Context) error {
	log := slog.New(slog.DiscardHandler)
	folder, err := os.MkdirTemp(b.dir, "site-")
	if err != nil {
		return err
	}
	site, err := rehearsal.NewSite(folder)
	if err != nil {
		return err
	}
	if b.site, err = rehearsal.Start(ctx, site, folder, rehearsal.Options{NoEvidence: true}); err != nil {
		return err
	}
	if b.books, err = runbook.Load(); err != nil {
		return err
	}
	b.road = winrm.New(winrm.Config{}, log)
	windows, err := script.NewWinRM(b.road, b, b.books)
	if err != nil {
		return err
	}
	b.over = windows
	b.scanner, err = scan.New(scan.Config{Limit: b.limit, HostDeadline: b.deadline}, scan.Deps{
		Targets: b, Road: b, Catalogue: b.books, Hosts: b.site.Hosts, Intake: b, Policy: b,
		Evidence: scan.Prover{Store: b.site.Store, Outbox: b.site.Outbox},
		Turns:    script.NewTurns(), Log: log,
	})
	return err
}

func (b *sweeper) close() {
	b.road.Close()
	_ = b.site.Stop() // the figures are out
}

// List, Parameters and WinRM are what the rest of the program would give.
func (b *sweeper) List(context.Context) (out []script.Target, err error) {
	for n, t := range b.targets {
		if b.all || !b.in.Hosts[n].Hung {
			out = append(out, t)
		}
	}
	return out, nil
}

func (b *sweeper) Parameters(check.ID) check.Parameters { return nil }

func (b *sweeper) WinRM(context.Context, string, string) (winrm.Credential, string, error) {
	return winrm.Credential{Method: winrm.NTLM, User: b.in.User, Password: b.in.Password}, "1", nil
}

// Observe hands an event to the intake and notes when the last one was durable.
func (b *sweeper) Observe(ctx context.Context, h *host.Host, e *drift.Event) error {
	if err := b.site.Intake.Observe(ctx, h, e); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = time.Now()
	return nil
}

// Run takes the road and notes how exactly a hung host is given up.
func (b *sweeper) Run(ctx context.Context, t script.Target, d *runbook.Document, idempotent bool) (*runbook.Reply, error) {
	began := time.Now()
	reply, err := b.over.Run(ctx, t, d, idempotent)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.furthest = max(b.furthest, (time.Since(began) - b.deadline).Abs())
	}
	return reply, err
}

// measure is one sweep.
func (b *sweeper) measure(ctx context.Context, name string, all bool, where machine) (sweepLine, error) {
	b.all = all
	began, used := time.Now(), cpuTime()
	st, err := b.scanner.Sweep(ctx, script.Workstation)
	if err != nil {
		return sweepLine{}, err
	}
	line := sweepLine{
		Bench: "sweep", Sweep: name, Hosts: st.Targets, Limit: b.limit, Answered: st.Answered, Seconds: b.last.Sub(began).Seconds(),
		Target: sweepSeconds, Bytes: sweepBytes, Peak: peakResident(), GivenUp: b.furthest.Seconds(), Machine: where,
		CPU: float64((cpuTime() - used).Microseconds()) / 1000 / float64(max(1, st.Targets)),
	}
	if all {
		line.Hung = b.hung
	}
	line.Met = line.Seconds < sweepSeconds && line.Peak < sweepBytes && st.Answered == st.Targets-line.Hung && b.furthest <= givenUpWithin
	return line, json.NewEncoder(os.Stdout).Encode(line)
}

// compare is what hung hosts cost the others.
func (b *sweeper) compare(first, beside sweepLine) error {
	slower := 100 * (beside.Seconds/first.Seconds - 1)
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"bench": "sweep", "hung": b.hung, "slower_percent": slower, "target_percent": 10, "met": slower <= 10,
	})
}

// oneHost asks one host from many sides.
func (b *sweeper) oneHost(ctx context.Context) error {
	d, err := b.books.Scan("windows", check.Firewall)
	if err != nil {
		return err
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	began := time.Now()
	for range parallel {
		wait.Go(func() {
			for range commandsEach {
				if _, err := b.over.Run(ctx, b.targets[0], d, true); err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"bench": "sweep", "one_host_goroutines": parallel, "commands_each": commandsEach, "errors": len(errs),
		"seconds": time.Since(began).Seconds(), "met": len(errs) == 0,
	}), errors.Join(errs...))
}

// peakResident is the most memory that the process has had, in bytes; 0 where the
// system does not say it.
func peakResident() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close() //nolint:errcheck // read only
	return readPeak(f)
}

func readPeak(r io.Reader) int64 {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			if err != nil {
				return 0
			}
			return kb << 10
		}
	}
	return 0
}
