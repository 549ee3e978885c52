//go:build wine

package wine_test

import (
	"context"
	"database/sql"
	"encoding/hex"
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
	"github.com/osiriscare/osiris/e2e/wine"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// site is Central and an appliance on Linux, and one Windows computer.
type site struct {
	*stack.Stack
	*wine.Prefix
	// program is osiris-agent.exe, agent the same as a plain process.
	program string
	agent   *stack.Process
	// seconds is after how long an idle session locks.
	seconds int

	t    *testing.T
	dir  string
	bins map[string]string
	mu   sync.Mutex
	seen map[string]int
	last string
}

// servers are the programs that run on Linux, built once.
var servers = sync.OnceValues(func() (map[string]string, error) {
	root, err := checkout()
	if err != nil {
		return nil, err
	}
	built := map[string]string{}
	for _, name := range []string{"osiris-central", "osiris-appliance"} {
		path, err := binary.Build(context.Background(), root, name)
		if err != nil {
			return nil, err
		}
		built[name] = path
	}
	return built, nil
})

// startSite starts Central and the appliance; no agent runs yet.
func startSite(t *testing.T) *site {
	t.Helper()
	bins, err := servers()
	if err != nil {
		t.Fatal(err)
	}
	return startSiteWith(t, bins, agentExe(t))
}

// startSiteWith starts a site of these servers and this agent.
func startSiteWith(t *testing.T, bins map[string]string, program string) *site {
	t.Helper()
	prefix := open(t)
	var err error
	s := &site{program: program, Prefix: prefix, t: t, dir: t.TempDir(), bins: bins, seen: map[string]int{}}
	s.Stack, err = stack.New(t.Context(), stack.Config{Dir: s.dir, Binaries: bins, CheckInterval: time.Second, Each: s.note})
	if err != nil {
		t.Fatal(err)
	}
	launch, err := prefix.Launcher()
	if err != nil {
		t.Fatal(err)
	}
	s.agent = &stack.Process{
		Name: "agent", Path: launch, Args: []string{program, "run", "--config", wine.WindowsPath(s.config())},
		Ready: "agent started", Log: filepath.Join(s.dir, "logs", "agent.log"), Each: s.note,
	}
	t.Cleanup(func() {
		if err := errors.Join(s.agent.Kill(), s.Kill()); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			s.tails()
		}
	})
	s.must("starting Central", s.StartCentral)
	s.must("setting up", func(ctx context.Context) error {
		return s.SetUp(ctx, stack.Site{Client: "Riverside Family Practice", Name: "Main Street", Tier: trustv1.Tier_TIER_MONITOR_ONLY})
	})
	s.must("starting the appliance", s.StartAppliance)
	return s
}

func (s *site) config() string { return filepath.Join(s.dir, "agent.conf") }

// data is the agent's data folder as this machine knows it.
func (s *site) data() string { return filepath.Join(s.Drive(), "ProgramData", "Osiris") }

// token makes an enrolment token and the configuration that names it.
func (s *site) token() string {
	s.t.Helper()
	path := filepath.Join(s.dir, "token")
	cmd := exec.CommandContext(bounded(s.t), s.bins["osiris-appliance"], "token", "new", "--config", filepath.Join(s.dir, "appliance.yaml"), "--out", path)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("making a token: %v\n%s", err, out)
	}
	content := "token_file = " + wine.WindowsPath(path) + "\ndata_dir = C:\\ProgramData\\Osiris\ncheck_now = yes\nlog_format = json\n"
	if err := os.WriteFile(s.config(), []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// note counts lines, and changes of the flipped check's verdict by status.
func (s *site) note(l stack.Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[l.Source+": "+l.Message]++
	if l.Message == "verdict changed" && l.Get("check") == flipped {
		s.seen[l.Source+": "+l.Get("status")]++
		s.last = l.Get("status")
	}
}

func (s *site) count(line string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[line]
}

func (s *site) must(what string, do func(context.Context) error) {
	s.t.Helper()
	if err := do(bounded(s.t)); err != nil {
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

func (s *site) tails() {
	for _, name := range []string{"appliance", "agent"} {
		s.t.Log(stack.Tail(filepath.Join(s.dir, "logs"), name, 25))
	}
	// A service writes where nobody here looks; the watcher of an update has a log.
	for _, pattern := range []string{"update/*", "*"} {
		files, _ := filepath.Glob(filepath.Join(s.data(), pattern)) // the pattern is right
		for _, f := range files {
			info, err := os.Stat(f)
			if err != nil {
				continue
			}
			text := ""
			if strings.HasSuffix(f, ".log") || strings.HasSuffix(f, "journal") { // it has the reason of a failure
				content, err := os.ReadFile(f)
				text = fmt.Sprintf(" %v\n%q", err, content)
			}
			s.t.Logf("%s: %d bytes%s", strings.TrimPrefix(f, s.Drive()), info.Size(), text)
		}
	}
}

// queue is what the agent's queue file says of itself.
type queue struct {
	id   string
	next uint64
	held int
}

// readQueue reads a copy of the queue file: Wine's locks are not this system's.
func (s *site) readQueue(ctx context.Context) (q queue, err error) {
	folder := s.t.TempDir()
	for _, name := range []string{"queue.db", "queue.db-wal"} {
		content, err := os.ReadFile(filepath.Join(s.data(), name))
		if err != nil && !os.IsNotExist(err) {
			return q, err
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return q, err
		}
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, "queue.db"))
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

// bundles counts Central's bundles of a queue by sequence. A gap is an error:
// nothing here overflows.
func (s *site) bundles(ctx context.Context, queueID string) (map[uint64]int, error) {
	count, page := map[uint64]int{}, ""
	for {
		list, err := s.Fleet.ListEvidence(ctx, connect.NewRequest(&centralv1.ListEvidenceRequest{SiteId: s.SiteID, PageToken: page, PageSize: 500}))
		if err != nil {
			return nil, err
		}
		for _, e := range list.Msg.GetEvidence() {
			if e.GetKind() == "gap" {
				return nil, fmt.Errorf("bundle %s is of a gap", e.GetBundleId())
			}
			if e.GetQueueId() == queueID {
				count[e.GetSeq()]++
			}
		}
		if page = list.Msg.GetNextPageToken(); page == "" {
			return count, nil
		}
	}
}

// settled waits until each record that the queue gave out is in one bundle at
// Central, and tells how many there were.
func (s *site) settled() uint64 {
	s.t.Helper()
	var records uint64
	s.until("Central has all that the agent's queue gave out, each once", func(ctx context.Context) error {
		q, err := s.readQueue(ctx)
		if err != nil {
			return err
		}
		if q.held > 0 {
			return fmt.Errorf("%d records wait in the agent's queue", q.held)
		}
		bundles, err := s.bundles(ctx, q.id)
		if err != nil {
			return err
		}
		records = q.next - 1
		for seq := uint64(1); seq <= records; seq++ {
			if bundles[seq] != 1 {
				return fmt.Errorf("sequence %d of %d is in %d bundles", seq, records, bundles[seq])
			}
		}
		if len(bundles) != int(records) {
			return fmt.Errorf("there are bundles of %d sequences; the queue gave out %d", len(bundles), records)
		}
		return nil
	})
	return records
}
