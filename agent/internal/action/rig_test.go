package action_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/agent/internal/action"
	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	"github.com/osiriscare/osiris/agent/internal/policy"
	"github.com/osiriscare/osiris/agent/internal/probe"
	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/record"
	"github.com/osiriscare/osiris/agent/internal/say"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/signed"
)

const (
	healed     = compliancev1.Outcome_OUTCOME_HEALED
	notNeeded  = compliancev1.Outcome_OUTCOME_NOT_NEEDED
	rolledBack = compliancev1.Outcome_OUTCOME_ROLLED_BACK
	failed     = compliancev1.Outcome_OUTCOME_FAILED
	refused    = compliancev1.Outcome_OUTCOME_REFUSED
	dryRun     = compliancev1.Outcome_OUTCOME_DRY_RUN
)

// host is one machine with a runner, a real policy and a real probe.
type host struct {
	t         testing.TB
	data      string
	root      string
	authority *fakeappliance.Authority
	policy    *policy.Policy
	queue     *queue.Queue
	runner    *action.Runner
	session   *action.Session
	rechecked chan check.ID
	windows   *model        // nil for the real probe
	reader    action.Reader // nil for the real one or that of windows
}

func newHost(t testing.TB) *host {
	t.Helper()
	h := &host{
		t: t, data: t.TempDir(), root: t.TempDir(), authority: fakeappliance.NewAuthority(t),
		rechecked: make(chan check.ID, 100),
	}
	h.session = &action.Session{AgentID: fakeappliance.AgentID, Nonce: [16]byte(fakeappliance.Random(16))}
	h.configure("60-osiris.conf", drifted)
	var err error
	if h.policy, err = policy.New(h.data, h.authority.CentralRoot.ID(), 0); err != nil {
		t.Fatal(err)
	}
	h.apply()
	h.open(action.List())
	t.Cleanup(h.close)
	return h
}

const drifted = "# by hand\nkernel.kptr_restrict = 0\n"

// apply gives the policy the authority's newest documents.
func (h *host) apply() {
	h.t.Helper()
	if _, err := h.policy.Apply(encode(h.t, h.authority.Chain()), encode(h.t, h.authority.PolicyEnvelope())); err != nil {
		h.t.Fatal(err)
	}
}

func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (h *host) open(actions []action.Action) {
	h.t.Helper()
	var err error
	if h.queue, err = queue.Open(filepath.Join(h.data, "queue.db"), queue.Limits{}); err != nil {
		h.t.Fatal(err)
	}
	deps := action.Deps{
		Actions: actions, Root: h.root, Reader: probe.New(h.root), Authority: h.policy, Queue: h.queue,
		Clock: h.policy.NowMs, Recheck: func(id check.ID) { h.rechecked <- id }, Log: say.Discard(),
	}
	if h.windows != nil {
		deps.Reader, deps.Windows = h.windows, h.windows
	}
	if h.reader != nil {
		deps.Reader = h.reader
	}
	if h.runner, err = action.New(deps); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) close() {
	if err := h.queue.Close(); err != nil {
		h.t.Error(err)
	}
}

func (h *host) path(name string) string { return filepath.Join(h.root, "etc", "sysctl.d", name) }

func (h *host) configure(name, content string) {
	h.t.Helper()
	if err := os.MkdirAll(filepath.Dir(h.path(name)), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(h.path(name), []byte(content), 0o640); err != nil {
		h.t.Fatal(err)
	}
}

// content of a file of sysctl.d; "-" when it is not there.
func (h *host) content(name string) string {
	h.t.Helper()
	b, err := os.ReadFile(h.path(name))
	if errors.Is(err, os.ErrNotExist) {
		return "-"
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

// command is a good one, ready to be changed.
func (h *host) command() *trustv1.Command {
	return &trustv1.Command{
		AgentId: h.session.AgentID, SessionNonce: h.session.Nonce[:], CommandId: fakeappliance.Random(16),
		RunbookId: "linux.sysctl.harden", RunbookHash: fakeappliance.Random(32), IncidentId: "i_1",
		CheckId: "sysctl_hardening", TimeoutMs: 60000,
	}
}

func (h *host) seal(c *trustv1.Command) []byte {
	return encode(h.t, fakeappliance.Seal(h.authority.CommandKey, signed.Command, c))
}

func (h *host) submit(envelope []byte) {
	h.t.Helper()
	if err := h.runner.Submit(h.session, envelope); err != nil {
		h.t.Fatal(err)
	}
}

// drain runs the runner until n commands have had their re-check.
func (h *host) drain(n int) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.runner.Run(ctx) }()
	for range n {
		select {
		case <-h.rechecked:
		case <-time.After(time.Minute): // a bound for a hung test
			h.t.Error("a command did not finish")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		h.t.Fatal(err)
	}
}

// override puts functions in place of a fix's own.
type override struct {
	action.Fix

	apply  func(ctx context.Context, h *action.Host) (string, error)
	revert func(ctx context.Context, h *action.Host, snapshot []byte) error
}

func (o override) Apply(ctx context.Context, h *action.Host) (string, error) {
	if o.apply == nil {
		return o.Fix.Apply(ctx, h)
	}
	return o.apply(ctx, h)
}

func (o override) Revert(ctx context.Context, h *action.Host, snapshot []byte) error {
	if o.revert == nil {
		return o.Fix.Revert(ctx, h, snapshot)
	}
	return o.revert(ctx, h, snapshot)
}

// crashAt ends the runner at a boundary, as the end of the process would.
func (h *host) crashAt(t *testing.T, point string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h.runner.OnBoundary(func(p string) {
		if p == point {
			cancel()
		}
	})
	if err := h.runner.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func sleepAnHour() { time.Sleep(time.Hour + time.Minute) }

// results are the command results in the queue, decoded by the standard runtime.
func (h *host) results() []*compliancev1.CommandResult {
	h.t.Helper()
	records, err := h.queue.Read(0, 1000, 10<<20)
	if err != nil {
		h.t.Fatal(err)
	}
	var results []*compliancev1.CommandResult
	for i := range records {
		b, err := record.Wire(&records[i])
		if err != nil {
			h.t.Fatal(err)
		}
		r := &compliancev1.Record{}
		if err := proto.Unmarshal(b, r); err != nil {
			h.t.Fatal(err)
		}
		if result := r.GetResult(); result != nil {
			results = append(results, result)
		}
	}
	return results
}

// only is the one result there is.
func (h *host) only() *compliancev1.CommandResult {
	h.t.Helper()
	results := h.results()
	if len(results) != 1 {
		h.t.Fatalf("there are %d results; want 1: %v", len(results), results)
	}
	return results[0]
}

func phases(r *compliancev1.CommandResult) string {
	text := ""
	for _, p := range r.Phases {
		text += p.Phase
		if !p.Ok {
			text += "!"
		}
		text += " "
	}
	return text
}

// stand runs the runner for a while.
func (h *host) stand(o action.Orders, d time.Duration) {
	h.t.Helper()
	h.runner.Orders = o
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.runner.Run(ctx) }()
	time.Sleep(d)
	synctest.Wait()
	cancel()
	if err := <-ended; err != nil {
		h.t.Error(err)
	}
}
