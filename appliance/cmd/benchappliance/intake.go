package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/memory"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// intakeTarget is DESIGN section 11: drift events/s acked under FULL.
const intakeTarget = 10000

// intakeLine is one measurement.
type intakeLine struct {
	Bench     string  `json:"bench"`
	Road      string  `json:"road"`     // stream: gRPC over mutual TLS on loopback, generator in the same process; store: straight into the intake
	Mix       string  `json:"mix"`      // change: every event opens or resolves an incident; repeat: unchanged verdicts
	Evidence  bool    `json:"evidence"` // the evidence log worked off the outbox meanwhile
	Agents    int     `json:"agents"`
	Batch     int     `json:"records_per_report"`
	Window    int     `json:"reports_in_flight"` // per agent
	Events    int     `json:"events"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"events_per_s"`
	P50       float64 `json:"ack_p50_ms"`
	P99       float64 `json:"ack_p99_ms"`
	CPU       float64 `json:"cpu_us_per_event"` // user and system, generator included
	Logged    uint64  `json:"bundles_logged"`   // meanwhile
	BytesEach float64 `json:"disk_bytes_per_event"`
	Target    *int    `json:"target"`
	Met       *bool   `json:"met"`
	Machine   machine `json:"machine"`
}

// intakeCase is what one measurement varies.
type intakeCase struct {
	road, mix     string
	evidence      bool
	agents, batch int
	window        int
	length        time.Duration
}

// intakeBench measures from an agent's record to its ack: the record is durable
// then, with its verdict, its incident and the outbox row of its evidence.
func intakeBench(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("intake", flag.ContinueOnError)
	dir := flags.String("dir", os.TempDir(), "folder on the disk to measure")
	seconds := flags.Float64("seconds", 5, "time of each measurement")
	agents := flags.Int("agents", 64, "agents, one stream each")
	profile := flags.String("cpuprofile", "", "file for a CPU profile")
	only := flags.String("only", "", "road/mix of the one to measure, such as stream/change")
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
	memory.Tune() // as the program does
	where := thisMachine(*dir)
	length := time.Duration(*seconds * float64(time.Second))
	for _, c := range []intakeCase{
		{road: "store", mix: "change", agents: *agents, batch: 1, window: 1, length: length},
		{road: "store", mix: "change", agents: *agents, batch: 16, window: 1, length: length},
		{road: "stream", mix: "repeat", agents: *agents, batch: 1, window: 32, length: length},
		{road: "stream", mix: "change", agents: *agents, batch: 1, window: 32, length: length},
		{road: "stream", mix: "change", agents: *agents, batch: 16, window: 4, length: length},
		{road: "stream", mix: "change", agents: *agents, batch: 16, window: 4, length: length, evidence: true},
	} {
		if *only != "" && *only != c.road+"/"+c.mix {
			continue
		}
		line, err := measureIntake(ctx, *dir, c)
		if err != nil {
			return fmt.Errorf("measuring %+v: %w", c, err)
		}
		line.Machine = where
		if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func measureIntake(ctx context.Context, dir string, c intakeCase) (line intakeLine, err error) {
	line = intakeLine{Bench: "intake", Road: c.road, Mix: c.mix, Evidence: c.evidence, Agents: c.agents, Batch: c.batch, Window: c.window}
	if dir, err = os.MkdirTemp(dir, "bench-intake-"); err != nil {
		return line, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // throwaway
	site, err := rehearsal.NewSite(dir)
	if err != nil {
		return line, err
	}
	a, err := rehearsal.Start(ctx, site, dir, rehearsal.Options{NoEvidence: !c.evidence})
	if err != nil {
		return line, err
	}
	defer func() { err = errors.Join(err, a.Stop()) }()
	agents := make([]*rehearsal.Agent, c.agents)
	for i := range agents {
		if agents[i], err = rehearsal.NewAgent(fmt.Sprintf("ws%03d", i)); err != nil {
			return line, err
		}
		if err := agents[i].Enrol(ctx, a); err != nil {
			return line, err
		}
	}
	_, logged, _ := a.Evidence.Size()
	before := size(dir)
	spent, begin := cpuTime(), time.Now()
	acks, err := generate(ctx, a, agents, c, begin.Add(c.length))
	line.Seconds = round(time.Since(begin).Seconds())
	spent = cpuTime() - spent
	if err != nil {
		return line, err
	}
	_, after, _ := a.Evidence.Size()
	line.Logged = after - logged
	line.sum(acks, c.batch, float64(spent.Microseconds()))
	line.BytesEach = round(float64(size(dir)-before) / float64(max(1, line.Events)))
	return line, nil
}

func (l *intakeLine) sum(acks []time.Duration, batch int, spent float64) {
	slices.Sort(acks)
	l.Events = len(acks) * batch
	if len(acks) == 0 {
		return
	}
	l.PerSecond = round(float64(l.Events) / l.Seconds)
	l.P50, l.P99 = milliseconds(acks[len(acks)/2]), milliseconds(acks[len(acks)*99/100])
	l.CPU = round(spent / float64(l.Events))
	if l.Road == "stream" && !l.Evidence {
		target, met := intakeTarget, l.PerSecond >= intakeTarget
		l.Target, l.Met = &target, &met
	}
}

// generate runs the agents and returns the time from each report to its ack.
func generate(ctx context.Context, a *rehearsal.Appliance, agents []*rehearsal.Agent, c intakeCase, until time.Time) ([]time.Duration, error) {
	var mu sync.Mutex
	var all []time.Duration
	var errs error
	var group sync.WaitGroup
	for _, m := range agents {
		group.Go(func() {
			one := straight
			if c.road == "stream" {
				one = stream
			}
			own, err := one(ctx, a, m, c, until)
			mu.Lock()
			defer mu.Unlock()
			all, errs = append(all, own...), errors.Join(errs, err)
		})
	}
	group.Wait()
	return all, errs
}

// report makes the next records of an agent.
func report(m *rehearsal.Agent, c intakeCase, seq uint64) *compliancev1.Report {
	r := &compliancev1.Report{QueueId: m.QueueID}
	for range c.batch {
		seq++
		status := compliancev1.Status_STATUS_PASS
		if c.mix == "change" && seq%2 == 0 {
			status = compliancev1.Status_STATUS_FAIL
		}
		r.Records = append(r.Records, rehearsal.Verdict(seq, "disk_space", status))
	}
	return r
}

func straight(ctx context.Context, a *rehearsal.Appliance, m *rehearsal.Agent, c intakeCase, until time.Time) ([]time.Duration, error) {
	var acks []time.Duration
	for seq := uint64(0); time.Now().Before(until); seq += uint64(c.batch) { //nolint:gosec // small
		r := report(m, c, seq)
		begin := time.Now()
		if _, err := a.Intake.Accept(ctx, intake.Peer{AgentID: m.ID}, r); err != nil {
			return acks, err
		}
		acks = append(acks, time.Since(begin))
	}
	return acks, nil
}

// stream keeps a window of reports in flight on one session.
func stream(ctx context.Context, a *rehearsal.Appliance, m *rehearsal.Agent, c intakeCase, until time.Time) ([]time.Duration, error) {
	conn, err := m.Dial(ctx, a.Addr, a.Site.Identity.SiteRoot)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // throwaway
	s, err := m.Connect(ctx, conn, 1)
	if err != nil {
		return nil, err
	}
	sent := make(chan time.Time, c.window)
	failed := make(chan error, 1)
	var acks []time.Duration
	go func() {
		var done uint64
		for begin := range sent {
			for want := done + uint64(c.batch); done < want; { //nolint:gosec // small
				through, err := s.Ack()
				if err != nil {
					failed <- err
					return
				}
				// One ack may stand for several reports.
				done = max(done, through)
			}
			acks = append(acks, time.Since(begin))
		}
		failed <- nil
	}()
	err = send(s, m, c, until, sent)
	close(sent)
	return acks, errors.Join(err, <-failed)
}

func send(s *rehearsal.Session, m *rehearsal.Agent, c intakeCase, until time.Time, sent chan<- time.Time) error {
	for seq := uint64(0); time.Now().Before(until); seq += uint64(c.batch) { //nolint:gosec // small
		r := report(m, c, seq)
		begin := time.Now()
		if err := s.Report(r.GetQueueId(), r.GetRecords()...); err != nil {
			return err
		}
		sent <- begin
	}
	return nil
}

// size is the bytes of the databases in dir.
func size(dir string) (total int64) {
	names, err := filepath.Glob(filepath.Join(dir, "*.db*"))
	if err != nil {
		return 0
	}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			total += info.Size()
		}
	}
	return total
}
