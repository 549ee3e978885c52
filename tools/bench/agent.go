package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/osiriscare/osiris/e2e/binary"
	"github.com/osiriscare/osiris/e2e/stack"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// Targets of DESIGN section 11.
const (
	targetShare    = 0.1 // percent of one core
	targetResident = 20 << 10
	targetRounds   = 100_000
)

const (
	// interval is the default policy's, so an hour has roundsAnHour.
	interval     = 5 * time.Minute
	roundsAnHour = 12
	// warmUp is until every check has run once and the session is quiet.
	warmUp = 30 * time.Second
)

// shipped is how the agent is built for customers; agent/README.md says why.
var shipped = []string{"-trimpath", "-gcflags=all=-l", "-ldflags=-s -w -funcalign=1", "-tags=osiris_agent"}

// agentLine is what is printed last.
type agentLine struct {
	Bench       string  `json:"bench"`
	Share       float64 `json:"cpu_percent_of_one_core"`
	TargetShare float64 `json:"cpu_target"`
	ShareMet    bool    `json:"cpu_met"`
	Idle        float64 `json:"cpu_ms_idle_hour"`   // session, clock and nothing to do
	Rounds      float64 `json:"cpu_ms_rounds_hour"` // twelve rounds of all checks
	Resident    int64   `json:"resident_kb"`
	Peak        int64   `json:"resident_peak_kb"`
	TargetSize  int64   `json:"resident_target_kb"`
	SizeMet     bool    `json:"resident_met"`
	Flat        bool    `json:"flat"`
	FlatRounds  int     `json:"flat_rounds"`
	FlatMet     bool    `json:"flat_met"`
	OS          string  `json:"os"`
	Arch        string  `json:"arch"`
	CPUs        int     `json:"cpus"`
	Load        string  `json:"load"`
	Seconds     float64 `json:"idle_seconds"`
}

// agentBench measures the real agent beside a real appliance between two rounds
// of checks, then the rounds, which benchagent runs as fast as they go.
func agentBench(ctx context.Context, root string, args []string) error {
	set := flag.NewFlagSet("bench agent", flag.ContinueOnError)
	rounds := set.Int("rounds", targetRounds, "how many rounds of all checks")
	idle := set.Duration("idle", 2*time.Minute, "how long the agent is watched between two rounds")
	if err := set.Parse(args); err != nil {
		return err
	}
	if runtime.GOOS != "linux" {
		return errors.New("it reads /proc, so it measures on Linux only")
	}
	line := agentLine{
		Bench: "agent", TargetShare: targetShare, TargetSize: targetResident, FlatRounds: *rounds,
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Seconds: idle.Seconds(),
	}
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		line.Load, _, _ = strings.Cut(string(b), " ")
	}
	if err := line.watch(ctx, root, *idle); err != nil {
		return err
	}
	if err := line.round(ctx, root, *rounds); err != nil {
		return err
	}
	line.Share = 100 * (line.Idle + line.Rounds) / float64(time.Hour.Milliseconds())
	line.ShareMet = line.Share <= line.TargetShare
	line.SizeMet = max(line.Resident, line.Peak) <= line.TargetSize
	line.FlatMet = line.Flat && *rounds >= targetRounds
	return json.NewEncoder(os.Stdout).Encode(line)
}

// watch starts the product and looks at the agent while it has nothing to do.
func (l *agentLine) watch(ctx context.Context, root string, idle time.Duration) (err error) {
	dir, err := os.MkdirTemp("", "bench-agent")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binaries, err := build(ctx, root, dir)
	if err != nil {
		return err
	}
	s, err := stack.New(ctx, stack.Config{Dir: filepath.Join(dir, "data"), Binaries: binaries, CheckInterval: interval, Each: func(stack.Line) {}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	c, err := start(ctx, s)
	if err != nil {
		return err
	}
	if err := sleep(ctx, warmUp); err != nil {
		return err
	}
	before, err := cpuOf(c.PID())
	if err != nil {
		return err
	}
	if err := sleep(ctx, idle); err != nil {
		return err
	}
	after, err := cpuOf(c.PID())
	if err != nil {
		return err
	}
	l.Idle = float64((after - before).Microseconds()) / 1000 * float64(time.Hour) / float64(idle)
	if l.Resident, err = status(c.PID(), "VmRSS:"); err != nil {
		return err
	}
	l.Peak, err = status(c.PID(), "VmHWM:")
	return err
}

// build builds the servers as they are run here, and the agent as it ships.
func build(ctx context.Context, root, dir string) (map[string]string, error) {
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		return nil, err
	}
	paths := map[string]string{"osiris-agent": filepath.Join(dir, "osiris-agent")}
	for _, name := range []string{"osiris-central", "osiris-appliance"} {
		path, err := binary.Build(ctx, root, name)
		if err != nil {
			return nil, err
		}
		paths[name] = path
	}
	args := append([]string{"build", "-buildvcs=false", "-o", paths["osiris-agent"]}, shipped...)
	if tags := binary.AgentTags("/"); tags != "" {
		args = append(args, "-tags", tags)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./agent/cmd/osiris-agent")...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the agent: %w\n%s", err, said)
	}
	return paths, nil
}

// start brings up Central, an appliance and an agent that checks this machine.
func start(ctx context.Context, s *stack.Stack) (*stack.Computer, error) {
	if err := s.StartCentral(ctx); err != nil {
		return nil, err
	}
	if err := s.SetUp(ctx, stack.Site{Client: "Bench", Name: "Bench", Tier: trustv1.Tier_TIER_MONITOR_ONLY}); err != nil {
		return nil, err
	}
	if err := s.StartAppliance(ctx); err != nil {
		return nil, err
	}
	c, err := s.Computer()
	if err != nil {
		return nil, err
	}
	if err := c.Enrol(ctx); err != nil {
		return nil, err
	}
	// The environment wins over the file that Enrol wrote.
	if err := os.Setenv("OSIRIS_AGENT_ROOT_DIR", "/"); err != nil {
		return nil, err
	}
	return c, c.Start(ctx)
}

// round runs benchagent and takes its line, which is printed too.
func (l *agentLine) round(ctx context.Context, root string, rounds int) error {
	path, err := binary.Build(ctx, root, "benchagent")
	if err != nil {
		return err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, path, "-rounds", strconv.Itoa(rounds))
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running rounds: %w", err)
	}
	if _, err := os.Stdout.Write(out.Bytes()); err != nil {
		return err
	}
	var measured struct {
		CPU  float64 `json:"cpu_us_per_round"`
		Flat bool    `json:"flat"`
	}
	if err := json.Unmarshal(out.Bytes(), &measured); err != nil {
		return fmt.Errorf("reading the line of benchagent: %w", err)
	}
	l.Rounds, l.Flat = measured.CPU*roundsAnHour/1000, measured.Flat
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// cpuOf is what a process has used: nanoseconds on a CPU, of all its threads
// (/proc/<pid>/task/*/schedstat, Documentation/scheduler/sched-stats, read
// 2026-11-22).
func cpuOf(pid int) (total time.Duration, err error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("reading threads of process %d: %w", pid, errors.Join(err, os.ErrNotExist))
	}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			return 0, err
		}
		first, _, _ := strings.Cut(string(content), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading %s: %w", f, err)
		}
		total += time.Duration(ns)
	}
	return total, nil
}

// status is a figure of /proc/<pid>/status, in KB.
func status(pid int, name string) (int64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(content)) {
		if rest, found := strings.CutPrefix(line, name); found {
			return strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		}
	}
	return 0, fmt.Errorf("reading status of process %d: there is no %s", pid, name)
}
