//go:build integration

// Package e2e_test tests the programs as customers run them: real processes,
// real files, kill -9 and old copies. It imports the wire and nothing behind
// it. What must be true at the end is always the same: the keys (agent, queue,
// seq) that the agent's queue gave out are those of Central's bundles, each
// once, and every bundle proves itself from files.
package e2e_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	_ "modernc.org/sqlite" // the queue file is read as any SQLite file

	"github.com/osiriscare/osiris/e2e/binary"
	"github.com/osiriscare/osiris/e2e/stack"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// patience bounds every wait, far above what a machine under load needs: time
// is never what a verdict is about.
const patience = 3 * time.Minute

// programs are the binaries, built once.
var programs = sync.OnceValues(func() (map[string]string, error) {
	root, err := checkout()
	if err != nil {
		return nil, err
	}
	built := map[string]string{}
	for _, name := range []string{"osiris-central", "osiris-appliance", "osiris-agent", "osirisctl"} {
		path, err := binary.Build(context.Background(), root, name)
		if err != nil {
			return nil, err
		}
		built[name] = path
	}
	return built, nil
})

// checkout is the folder of go.mod.
func checkout() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("finding go.mod: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// site is a running stack with the means to judge it.
type site struct {
	*stack.Stack
	// Agent is the first computer, computers are all.
	Agent     *stack.Computer
	computers []*stack.Computer
	// rewound is set by a test that lets the appliance's log fork.
	rewound bool

	t    *testing.T
	ctl  string
	dir  string
	mu   sync.Mutex
	seen map[string]int
	last string
}

// start brings up Central, an appliance and an agent.
func start(t *testing.T, tier trustv1.Tier) *site {
	t.Helper()
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return startWith(t, built, tier)
}

// startWith does so with these binaries.
func startWith(t *testing.T, built map[string]string, tier trustv1.Tier) *site {
	t.Helper()
	s := startBare(t, stack.Config{Binaries: built}, tier)
	s.Agent = s.join()
	return s
}

// startBare brings up Central and an appliance.
func startBare(t *testing.T, cfg stack.Config, tier trustv1.Tier) *site {
	t.Helper()
	var err error
	s := &site{t: t, ctl: cfg.Binaries["osirisctl"], dir: t.TempDir(), seen: map[string]int{}}
	cfg.Dir, cfg.CheckInterval, cfg.Each = s.dir, time.Second, s.note
	s.Stack, err = stack.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Kill(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			s.tails()
		}
	})
	s.must("starting Central", s.StartCentral)
	s.must("setting up", func(ctx context.Context) error {
		return s.SetUp(ctx, stack.Site{Client: "Riverside Family Practice", Name: "Main Street", Tier: tier})
	})
	s.must("starting the appliance", s.StartAppliance)
	return s
}

// join adds a computer in good order.
func (s *site) join() *stack.Computer {
	s.t.Helper()
	c, err := s.Computer()
	if err != nil {
		s.t.Fatal(err)
	}
	s.computers = append(s.computers, c)
	s.write(c, hardened)
	s.must("enrolling", c.Enrol)
	passed := s.count(c.Name + ": pass")
	s.must("starting the agent", c.Start)
	s.until("the agent has judged the setting", func(context.Context) error {
		if s.count(c.Name+": pass") == passed {
			return errors.New("it has not")
		}
		return nil
	})
	return c
}

// note counts lines by source and message, changes of the verdict that the tests
// cause also by status, and sweeps that left a host to its agent.
func (s *site) note(l stack.Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[l.Source+": "+l.Message]++
	if n := l.Get("watched"); l.Message == "sweep ended" && n != "0" {
		s.seen[l.Source+": watched"]++
	}
	if l.Message == "verdict changed" && l.Get("check") == "sysctl_hardening" {
		s.seen[l.Source+": "+l.Get("status")]++
		s.last = l.Get("status")
	}
}

// verdict is the newest of any computer.
func (s *site) verdict() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// count tells how often a program logged a message.
func (s *site) count(line string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[line]
}

// must runs a step that has to work.
func (s *site) must(what string, do func(context.Context) error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	if err := do(ctx); err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

// until waits for something that other programs do.
func (s *site) until(what string, ask func(context.Context) error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	if err := stack.Until(ctx, ask); err != nil {
		s.t.Fatalf("waiting until %s: %v", what, err)
	}
}

// tails prints the ends of the logs of a failed test.
func (s *site) tails() {
	for _, name := range []string{"central", "appliance", "agent"} {
		s.t.Log(stack.Tail(filepath.Join(s.dir, "logs"), name, 25))
	}
}

// hardened passes the check, broken does not.
const hardened = `kernel.dmesg_restrict = 1
kernel.kptr_restrict = 1
kernel.randomize_va_space = 2
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.all.rp_filter = 1
net.ipv4.tcp_syncookies = 1
`

var broken = strings.Replace(hardened, "kptr_restrict = 1", "kptr_restrict = 0", 1)

// write puts the file that is broken and healed onto a computer, whole, as an
// editor does.
func (s *site) write(c *stack.Computer, content string) {
	s.t.Helper()
	path := c.Sysctl("60-osiris.conf")
	// The temporary name does not end in .conf, so that no reader takes it.
	temporary := path + ".new"
	err := os.WriteFile(temporary, []byte(content), 0o644)
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		s.t.Error(err)
	}
}

// queue is what the agent's queue file says of itself.
type queue struct {
	id   string
	next uint64
	held int
}

// readQueue reads a copy of an agent's queue file: a running agent lets nobody else
// at the file itself.
func readQueue(ctx context.Context, c *stack.Computer) (q queue, err error) {
	folder := c.Data()
	if c.Running() { // it may have a disk of its own
		folder = filepath.Join("/proc", fmt.Sprint(c.PID()), "root", folder)
	}
	copied, err := os.MkdirTemp("", "queue")
	if err != nil {
		return q, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(copied)) }()
	if err := copyQueue(folder, copied); err != nil {
		return q, err
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(copied, "queue.db"))
	if err != nil {
		return q, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var id []byte
	row := db.QueryRowContext(ctx, "SELECT queue_id, next, (SELECT count(*) FROM queue_record) FROM queue_state")
	if err := row.Scan(&id, &q.next, &q.held); err != nil {
		return q, fmt.Errorf("reading the agent's queue: %w", err)
	}
	q.id = hex.EncodeToString(id)
	return q, nil
}

// copyQueue copies a queue file with its log. A log that is the same before and
// after holds all that the agent may have moved into the file meanwhile.
func copyQueue(from, to string) error {
	const log = "queue.db-wal"
	for range 100 {
		before, err := os.ReadFile(filepath.Join(from, log))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		file, err := os.ReadFile(filepath.Join(from, "queue.db"))
		if err != nil {
			return err
		}
		after, err := os.ReadFile(filepath.Join(from, log))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if bytes.Equal(before, after) {
			return errors.Join(os.WriteFile(filepath.Join(to, "queue.db"), file, 0o600), os.WriteFile(filepath.Join(to, log), after, 0o600))
		}
	}
	return errors.New("the agent's queue never stood still")
}

// evidence lists all bundles of the site that Central has.
func (s *site) evidence(ctx context.Context) ([]*centralv1.Evidence, error) {
	var all []*centralv1.Evidence
	page := ""
	for {
		list, err := s.Fleet.ListEvidence(ctx, connect.NewRequest(&centralv1.ListEvidenceRequest{SiteId: s.SiteID, PageToken: page, PageSize: 500}))
		if err != nil {
			return nil, err
		}
		all = append(all, list.Msg.GetEvidence()...)
		if page = list.Msg.GetNextPageToken(); page == "" {
			return all, nil
		}
	}
}

// gap is the part of a gap bundle that says what was lost.
type gap struct {
	Gap struct {
		From uint64 `json:"from"`
		To   uint64 `json:"to"`
	} `json:"gap"`
}

// gapOf reads a gap bundle's own bytes from Central.
func (s *site) gapOf(ctx context.Context, e *centralv1.Evidence) (gap, error) {
	var g gap
	got, err := s.Fleet.GetEvidence(ctx, connect.NewRequest(&centralv1.GetEvidenceRequest{SiteId: s.SiteID, BundleId: e.GetBundleId()}))
	if err != nil {
		return g, err
	}
	for _, f := range got.Msg.GetFiles() {
		if f.GetName() == "bundle.json" {
			return g, json.Unmarshal(f.GetContent(), &g)
		}
	}
	return g, errors.New("the answer has no bundle.json")
}

// verify runs osirisctl and gives its exit code and what it said.
func verify(ctx context.Context, ctl string, args ...string) (int, string) {
	cmd := exec.CommandContext(ctx, ctl, append([]string{"evidence", "verify"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		return -1, err.Error()
	}
	return cmd.ProcessState.ExitCode(), string(out)
}
