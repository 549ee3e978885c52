package schedule_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/record"
	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/agent/internal/schedule"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/check"
)

// world is a host whose facts and policy a test sets.
type world struct {
	t    *testing.T
	path string

	mu       sync.Mutex
	clock    string // unsynchronised: yes, no or ""
	reads    []time.Time
	interval time.Duration
	jitter   int
	disabled map[check.ID]bool

	reader   schedule.Reader // the world itself, unless a test says otherwise
	prepare  func(*schedule.Schedule)
	queue    *queue.Queue
	schedule *schedule.Schedule
	cancel   context.CancelFunc
	ended    chan error
}

func (w *world) Read(_ context.Context, id check.ID) check.Facts {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id == check.TimeSync {
		w.reads = append(w.reads, time.Now())
	}
	if w.clock == "" {
		return check.Facts{{Name: check.FactError, Value: "Not readable."}}
	}
	return check.Facts{{Name: check.FactClockUnsynchronised, Value: w.clock}}
}

func (w *world) Interval() (time.Duration, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.interval, w.jitter
}

func (w *world) Enabled(id check.ID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.disabled[id]
}

func (w *world) Parameters(check.ID) check.Parameters { return nil }

func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func newWorld(t *testing.T, interval time.Duration) *world {
	w := &world{t: t, path: filepath.Join(t.TempDir(), "queue.db"), clock: "no", interval: interval, disabled: map[check.ID]bool{}}
	return w
}

// start runs the schedule; stop ends it, as a restart would.
func (w *world) start(checks ...check.ID) {
	w.t.Helper()
	if err := w.open(checks...); err != nil {
		w.t.Fatal(err)
	}
	var ctx context.Context
	ctx, w.cancel = context.WithCancel(context.Background())
	w.ended = make(chan error, 1)
	go func() { w.ended <- w.schedule.Run(ctx) }()
}

func (w *world) open(checks ...check.ID) (err error) {
	if checks == nil {
		checks = []check.ID{check.TimeSync}
	}
	if w.queue, err = queue.Open(w.path, queue.Limits{}); err != nil {
		return err
	}
	if w.reader == nil {
		w.reader = w
	}
	w.schedule, err = schedule.New(checks, w.reader, w, w.queue, say.Discard())
	if err == nil && w.prepare != nil {
		w.prepare(w.schedule)
	}
	return err
}

func (w *world) stop() {
	w.t.Helper()
	w.cancel()
	if err := <-w.ended; err != nil {
		w.t.Error(err)
	}
	if err := w.queue.Close(); err != nil {
		w.t.Error(err)
	}
}

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// records are those in the queue, decoded by the standard runtime.
func (w *world) records() []*compliancev1.Record {
	w.t.Helper()
	rows, err := w.queue.Read(0, 10000, 10<<20)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []*compliancev1.Record
	for i := range rows {
		b, err := record.Wire(&rows[i])
		if err != nil {
			w.t.Fatal(err)
		}
		r := &compliancev1.Record{}
		if err := proto.Unmarshal(b, r); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// story tells the verdicts in the queue, such as "first pass, change fail".
func (w *world) story() string {
	text := ""
	for _, r := range w.records() {
		if text != "" {
			text += ", "
		}
		if v := r.GetVerdict(); v != nil {
			text += v.Cause + " " + check.Status(v.Status).String()
		} else {
			text += "state " + r.GetState().GetCause()
		}
	}
	return text
}

func (w *world) expect(want string) {
	w.t.Helper()
	if got := w.story(); got != want {
		w.t.Errorf("the queue holds %q; want %q", got, want)
	}
}

func TestOnlyChangesAreQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Minute)
		w.start()
		defer w.stop()
		w.pass(10 * time.Minute)
		w.expect("first pass")
		w.set(func() { w.clock = "yes" })
		w.pass(10 * time.Minute)
		w.expect("first pass, change fail")
		w.set(func() { w.clock = "" })
		w.pass(2 * time.Minute)
		w.set(func() { w.clock = "no" })
		w.pass(2 * time.Minute)
		w.expect("first pass, change fail, change unknown, change pass")
	})
}

func TestAnUnchangedVerdictIsRepeatedEveryHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 5*time.Minute)
		w.start()
		defer w.stop()
		w.pass(3*time.Hour + 30*time.Minute)
		w.expect("first pass, heartbeat pass, heartbeat pass, heartbeat pass")
	})
}

func TestARestartRepeatsNothingAndForgetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Minute)
		w.start()
		w.pass(5 * time.Minute)
		digest := w.schedule.Digest()
		w.stop()
		w.start()
		if w.schedule.Digest() != digest {
			t.Error("the digest is another after a restart")
		}
		w.pass(5 * time.Minute)
		w.expect("first pass")
		w.stop()
		w.set(func() { w.clock = "yes" }) // while the agent is down
		w.start()
		defer w.stop()
		w.pass(5 * time.Minute)
		w.expect("first pass, change fail")
		if w.schedule.Digest() == digest {
			t.Error("the digest is the same after a change")
		}
	})
}

func TestTheIntervalHasJitterAndAFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Minute)
		w.jitter = 20
		w.start()
		w.pass(3 * time.Hour)
		w.stop()
		different := map[time.Duration]bool{}
		for i := 1; i < len(w.reads); i++ {
			gap := w.reads[i].Sub(w.reads[i-1])
			different[gap] = true
			if gap < 48*time.Second || gap > 72*time.Second {
				t.Errorf("a run came %v after the one before; want 48 s to 72 s", gap)
			}
		}
		if len(different) < 10 {
			t.Errorf("%d different gaps in %d runs", len(different), len(w.reads))
		}
		w.set(func() { w.interval, w.jitter, w.reads = time.Nanosecond, 0, nil })
		w.start()
		w.pass(10 * time.Second)
		w.stop()
		if n := len(w.reads); n < 40 || n > 51 {
			t.Errorf("%d runs in 10 s; want one every 200 ms", n)
		}
	})
}

func TestFirstRunsAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := map[time.Duration]bool{}
		for range 20 {
			w := newWorld(t, time.Hour)
			begun := time.Now()
			w.start()
			w.pass(11 * time.Second)
			w.stop()
			if len(w.reads) != 1 {
				t.Fatalf("%d runs in the first 11 s; want 1", len(w.reads))
			}
			first[w.reads[0].Sub(begun)] = true
		}
		if len(first) < 10 {
			t.Errorf("20 agents began at %d different moments", len(first))
		}
	})
}

func TestAShorterIntervalCountsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Hour)
		w.start()
		defer w.stop()
		w.pass(time.Minute)
		w.set(func() { w.interval = time.Second })
		w.schedule.Replan()
		w.pass(10 * time.Second)
		w.set(func() {
			if n := len(w.reads); n < 9 {
				t.Errorf("%d runs; want about 10", n)
			}
		})
	})
}

func TestAHealIsSeenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Hour)
		w.clock = "yes"
		w.start()
		defer w.stop()
		w.pass(time.Minute)
		w.set(func() { w.clock = "no" })
		w.schedule.Recheck(check.TimeSync)
		w.schedule.Recheck("nothing") // must not spin
		w.pass(time.Second)
		w.expect("first fail, heal pass")
	})
}

func TestADisabledCheckLeavesTheDigest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Minute)
		w.start(check.TimeSync, check.DiskSpace)
		defer w.stop()
		w.pass(5 * time.Minute)
		w.set(func() { w.disabled[check.DiskSpace] = true })
		w.pass(5 * time.Minute)
		want := check.Digest([]check.Verdict{{Check: check.TimeSync, Status: check.Pass, Actual: "synchronised"}})
		if w.schedule.Digest() != want {
			t.Error("the digest still has the disabled check")
		}
	})
}

func TestAStateReportHasEveryVerdict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Minute)
		w.start(check.TimeSync, check.DiskSpace)
		defer w.stop()
		if err := w.schedule.Report("requested"); err != nil {
			t.Fatal(err)
		}
		w.expect("") // nothing is known yet
		w.pass(5 * time.Minute)
		if err := w.schedule.Report("requested"); err != nil {
			t.Fatal(err)
		}
		all := w.records()
		state := all[len(all)-1].GetState()
		if len(state.GetVerdicts()) != 2 || state.Cause != "requested" {
			t.Errorf("the report is %v", state)
		}
	})
}

func TestAClockThatIsSetBackDoesNotSilenceAnAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Minute)
		w.start()
		w.pass(5 * time.Minute)
		w.stop()
		// As if the verdict had been queued by a clock that ran a year ahead.
		q, err := queue.Open(w.path, queue.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := q.DB().Exec("UPDATE verdict SET queued_ms = queued_ms + 31536000000"); err != nil {
			t.Fatal(err)
		}
		if err := q.Close(); err != nil {
			t.Fatal(err)
		}
		w.start()
		defer w.stop()
		w.pass(5 * time.Minute)
		w.expect("first pass, heartbeat pass")
	})
}
