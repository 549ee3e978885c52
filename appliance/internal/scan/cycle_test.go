package scan_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
)

// road answers as the behaviour of a target's name says.
type road struct {
	mu     sync.Mutex
	asked  map[string]int
	at     map[string]int
	most   int
	how    map[string]func(ctx context.Context) error // by target id
	answer time.Duration
}

func (r *road) Run(ctx context.Context, t script.Target, d *runbook.Document, _ bool) (*runbook.Reply, error) {
	r.mu.Lock()
	r.asked[t.ID]++
	r.at[t.ID]++
	if r.at[t.ID] > r.most {
		r.most = r.at[t.ID]
	}
	how := r.how[t.ID]
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.at[t.ID]--
	}()
	if how != nil {
		if err := how(ctx); err != nil {
			return nil, err
		}
	}
	select {
	case <-time.After(r.answer):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	reply := &runbook.Reply{}
	for _, p := range d.Parts {
		reply.Parts = append(reply.Parts, runbook.Outcome{Name: p.Name, OK: true, Facts: check.Facts{{Name: check.FactNotApplicable, Value: "a host of a test"}}})
	}
	return reply, nil
}

func (r *road) count(id string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked[id]
}

func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// known has the hosts of a test; a name in it is watched by an agent.
type known map[string]bool

func (k known) Target(_ context.Context, t host.Target) (host.Host, error) {
	return host.Host{ID: t.ID, Hostname: t.Hostname, DeviceType: t.DeviceType}, nil
}

func (k known) Watched(int64) func(host.Host) string {
	return func(h host.Host) string {
		if k[h.ID] {
			return host.SourceAgent
		}
		return ""
	}
}

func (known) Answered(string, int64) {}

// workstations are targets named t_0, t_1, ...
func workstations(n int) (out []script.Target) {
	for i := range n {
		out = append(out, script.Target{ID: fmt.Sprintf("t_%d", i), Kind: script.Workstation, Host: fmt.Sprintf("ws%d", i)})
	}
	return out
}

func fast() scan.Config {
	c := scan.Default()
	c.Windows, c.Linux, c.Limit, c.HostDeadline = 0, 0, 40, 90*time.Second
	return c
}

func TestHungHostsDelayNobodyAndAreGivenUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{targets: workstations(100)}
		r := &road{asked: map[string]int{}, at: map[string]int{}, how: map[string]func(context.Context) error{}, answer: time.Second}
		var slowest, longest time.Duration
		var mu sync.Mutex
		began := time.Now()
		for i := range 20 {
			r.how[fmt.Sprintf("t_%d", 5*i)] = func(ctx context.Context) error {
				start := time.Now()
				<-ctx.Done()
				mu.Lock()
				defer mu.Unlock()
				longest = max(longest, time.Since(start))
				return ctx.Err()
			}
		}
		for i := range 100 {
			if id := fmt.Sprintf("t_%d", i); r.how[id] == nil {
				r.how[id] = func(context.Context) error {
					mu.Lock()
					defer mu.Unlock()
					slowest = max(slowest, time.Since(began))
					return nil
				}
			}
		}
		scanner := newScanner(t, fast(), s, r, known{})
		st := sweep(t, scanner, script.Workstation)
		if st.Answered != 80 || st.Failed != 20 || longest != 90*time.Second {
			t.Errorf("the sweep = %+v, the longest took %s; want 80 answers and 20 given up after 90s", st, longest)
		}
		began, slowest = time.Now(), 0
		sweep(t, scanner, script.Workstation)
		beside := slowest
		var healthy []script.Target
		for n, target := range s.targets {
			if n%5 != 0 {
				healthy = append(healthy, target)
			}
		}
		s.targets = healthy
		began, slowest = time.Now(), 0
		sweep(t, scanner, script.Workstation)
		// Which of two hosts moves aside in the same instant is the scheduler's: a patience.
		if (beside-slowest).Abs() > 100*time.Millisecond || slowest == 0 {
			t.Errorf("the last of 80 was asked after %s beside hung hosts, and after %s without", beside, slowest)
		}
	})
}

func TestAHostThatDoesNotAnswerBecomesUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{targets: workstations(2)}
		r := &road{asked: map[string]int{}, at: map[string]int{}, how: map[string]func(context.Context) error{}}
		scanner := newScanner(t, fast(), s, r, known{})
		sweep(t, scanner, script.Workstation)
		s.take()
		r.how["t_1"] = func(context.Context) error { return errors.New("host unreachable") }
		for n := range 3 {
			time.Sleep(10 * time.Minute)
			sweep(t, scanner, script.Workstation)
			var unknown int
			for _, e := range s.take() {
				if e.HostID == "ws1" && e.Kind == drift.KindVerdict && e.Verdict.Status == check.Unknown && strings.Contains(e.Verdict.Reason, "host unreachable") {
					unknown++
				}
			}
			if want := map[int]int{2: 5}[n]; unknown != want {
				t.Errorf("after failure %d there are %d unknown verdicts; want %d", n+1, unknown, want)
			}
		}
		if got := s.bundles[len(s.bundles)-1].PostState; got["unknown"] != "1" || got["total"] != "2" {
			t.Errorf("the summary = %v; want one unknown", got)
		}
		delete(r.how, "t_1")
		sweep(t, scanner, script.Workstation)
		back := 0
		for _, e := range s.take() {
			if e.HostID == "ws1" && e.Kind == drift.KindVerdict && e.Verdict.Status == check.NotApplicable {
				back++
			}
		}
		if back != 5 {
			t.Errorf("%d verdicts came back; want 5", back)
		}
	})
}

func TestAHostWithALiveAgentIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{targets: workstations(2)}
		r := &road{asked: map[string]int{}, at: map[string]int{}}
		hosts := known{"t_0": true}
		scanner := newScanner(t, fast(), s, r, hosts)
		if st := sweep(t, scanner, script.Workstation); st.Watched != 1 || st.Answered != 1 || r.count("t_0") != 0 {
			t.Errorf("the sweep = %+v, asked %v", st, r.asked)
		}
		s.take()
		delete(hosts, "t_0") // the agent is gone
		sweep(t, scanner, script.Workstation)
		for _, e := range s.take() {
			if e.HostID == "ws0" && (e.Kind != drift.KindState || e.State.Cause != "first") {
				t.Errorf("the first event = %+v; want the state", e)
			}
		}
		if r.count("t_0") != 1 {
			t.Errorf("it was asked %d times; want once", r.count("t_0"))
		}
	})
}

func TestAScanThatStillRunsMakesTheNextOneMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{targets: workstations(2)}
		r := &road{asked: map[string]int{}, at: map[string]int{}, how: map[string]func(context.Context) error{"t_1": hang}}
		cfg := fast()
		cfg.Workstation, cfg.HostDeadline = time.Minute, 5*time.Minute
		scanner := newScanner(t, cfg, s, r, known{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- scanner.Run(ctx) }()
		time.Sleep(3*time.Minute + 30*time.Second)
		if r.count("t_0") != 4 || r.count("t_1") != 1 || r.most != 1 {
			t.Errorf("asked %v, at most %d at a time; want 4 and 1", r.asked, r.most)
		}
		for _, st := range scanner.Status() {
			if st.Cycle == "workstation" && (st.Missed != 1 || st.Answered != 1 || st.Targets != 2) {
				t.Errorf("the status = %+v; want one missed", st)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

func TestAnEmptyListEndsScanning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{targets: workstations(3)}
		r := &road{asked: map[string]int{}, at: map[string]int{}}
		scanner := newScanner(t, fast(), s, r, known{})
		sweep(t, scanner, script.Workstation)
		sweep(t, scanner, script.Workstation)
		s.targets = nil
		if st := sweep(t, scanner, script.Workstation); st.Targets != 0 || st.Ended.IsZero() || r.count("t_0") != 2 {
			t.Errorf("the sweep = %+v, asked %v", st, r.asked)
		}
		if n := len(s.bundles); n != 2 || s.bundles[1].PostState["total"] != "0" {
			t.Errorf("%d summaries, the last %+v; want that there are none any more", n, s.bundles[n-1].PostState)
		}
	})
}

func TestTheSummaryIsProvedOnChangeAndHourly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{targets: workstations(3)}
		r := &road{asked: map[string]int{}, at: map[string]int{}}
		cfg := fast()
		scanner := newScanner(t, cfg, s, r, known{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- scanner.Run(ctx) }()
		time.Sleep(3*time.Hour - 20*time.Minute)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := len(s.bundles); n != 3 {
			t.Errorf("%d summaries in less than three hours; want 3", n)
		}
		if b := s.bundles[0]; !strings.HasPrefix(b.Summary, "SiteWorkstationSummary: 0 of 3 workstations") || b.PostState["not_applicable"] != "3" || b.Phase != "SiteWorkstationSummary" || b.DeviceType != "workstation" {
			t.Errorf("the summary = %+v", b)
		}
	})
}

func TestASiteThatIsTooSlowHasASummary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{targets: workstations(300)}
		// 16 places and a minute each: a sweep takes longer than two of its intervals.
		r := &road{asked: map[string]int{}, at: map[string]int{}, answer: time.Minute}
		cfg := fast()
		cfg.Limit = 16
		scanner := newScanner(t, cfg, s, r, known{})
		run(t, 6*time.Hour, scanner.Run)
		hours := map[int64]bool{}
		for _, b := range s.bundles {
			if b.Phase == "SiteWorkstationSummary" {
				hours[int64(b.MadeTime)/time.Hour.Milliseconds()] = true
			}
		}
		if len(hours) < 5 {
			t.Errorf("in %d of 6 hours there was a summary; want 5 or more", len(hours))
		}
	})
}

func TestABusyHostIsMissed(t *testing.T) {
	s := &site{targets: workstations(1)}
	turns := script.NewTurns()
	scanner, err := scan.New(fast(), scan.Deps{
		Targets: s, Road: &road{asked: map[string]int{}, at: map[string]int{}}, Catalogue: catalogue(t), Hosts: known{}, Intake: s,
		Policy: s, Evidence: s, Turns: turns, Log: discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	free, _ := turns.Try("t_0")
	if st := sweep(t, scanner, script.Workstation); st.Missed != 1 {
		t.Errorf("beside a runbook = %+v; want it missed", st)
	}
	free()
	if st := sweep(t, scanner, script.Workstation); st.Answered != 1 {
		t.Errorf("afterwards = %+v", st)
	}
}

// sensed are hosts that a sensor says it looks after.
type sensed struct{ known }

func (sensed) Watched(int64) func(host.Host) string {
	return func(host.Host) string { return host.SourceSensor }
}

// Anybody on the network can pretend to be the sensor of a server.
func TestAHostWithALiveSensorIsAskedOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{targets: workstations(1)}
		r := &road{asked: map[string]int{}, at: map[string]int{}}
		scanner := newScanner(t, fast(), s, r, sensed{})
		for range 6 * 6 { // three hours
			sweep(t, scanner, script.Workstation)
			time.Sleep(5 * time.Minute)
		}
		if n := r.count("t_0"); n != 2 {
			t.Errorf("it was asked %d times in three hours; want twice", n)
		}
	})
}
