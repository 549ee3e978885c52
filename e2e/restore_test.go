//go:build integration

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/e2e/stack"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// flips makes n changes of the first computer's verdict and waits for each,
// because a setting that is mended before the agent looks is no change.
func (s *site) flips(n int) {
	s.t.Helper()
	for range n {
		content, want := broken, "fail"
		if s.verdict() == "fail" {
			content, want = hardened, "pass"
		}
		before := s.count("agent: " + want)
		s.write(s.Agent, content)
		s.until("the agent judges "+want, func(context.Context) error {
			if s.count("agent: "+want) == before {
				return errors.New("it has not")
			}
			return nil
		})
	}
}

// replace puts a copy made before in the place of a folder.
func (s *site) replace(p *stack.Process, folder, copied string) {
	s.t.Helper()
	if err := p.Kill(); err != nil {
		s.t.Fatal(err)
	}
	path := filepath.Join(s.dir, folder)
	if err := os.RemoveAll(path); err != nil {
		s.t.Fatal(err)
	}
	if err := os.CopyFS(path, os.DirFS(copied)); err != nil {
		s.t.Fatal(err)
	}
	// Keys are refused when others may read them; CopyFS widens modes.
	err := filepath.WalkDir(path, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Chmod(p, 0o700)
		}
		return os.Chmod(p, 0o600)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// keep copies a program's folder while it does not run, as a backup does.
func (s *site) keep(p *stack.Process, folder string) string {
	s.t.Helper()
	if err := p.Kill(); err != nil {
		s.t.Fatal(err)
	}
	copied := filepath.Join(s.t.TempDir(), folder)
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(s.dir, folder))); err != nil {
		s.t.Fatal(err)
	}
	s.must("starting again", p.Start)
	return copied
}

// TestAnApplianceFromAnOldCopyIsRefilled restores the appliance's data folder
// while Central has all that came after the copy: nothing may be missing, and
// the log goes on as one.
func TestAnApplianceFromAnOldCopyIsRefilled(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_MONITOR_ONLY)
	s.flips(4)
	copied := s.keep(s.Appliance, "appliance")
	s.flips(10)
	s.settled()
	s.replace(s.Appliance, "appliance", copied)
	s.must("starting the restored appliance", s.Appliance.Start)
	s.flips(5)
	accounts, queues := s.settled()
	if a := accounts[queues[0].id]; len(a.lost) > 0 {
		t.Errorf("gaps are %v; want none, Central had everything", a.lost)
	}
	s.proven()
}

// TestWhatAnOldApplianceCopyLostIsToldAsGaps restores the appliance while
// Central does not have what came after the copy: those records are gone, and
// the evidence must say which.
func TestWhatAnOldApplianceCopyLostIsToldAsGaps(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_MONITOR_ONLY)
	s.flips(4)
	s.settled()
	copied := s.keep(s.Appliance, "appliance")
	if err := s.Central.Kill(); err != nil {
		t.Fatal(err)
	}
	s.flips(6)
	s.until("the appliance has taken everything", func(ctx context.Context) error {
		q, err := readQueue(ctx, s.Agent)
		if err == nil && q.held > 0 {
			err = fmt.Errorf("%d records wait in the agent's queue", q.held)
		}
		return err
	})
	s.replace(s.Appliance, "appliance", copied)
	s.must("starting Central again", s.Central.Start)
	s.must("starting the restored appliance", s.Appliance.Start)
	s.flips(5)
	accounts, queues := s.settled()
	if a := accounts[queues[0].id]; len(a.lost) == 0 {
		t.Error("no gap tells of the records that only the lost disk had")
	}
	s.proven()
	s.until("Central shows the true state", func(ctx context.Context) error { return s.shows(ctx, "fail") })
}

// TestAnApplianceThatForkedItsLogBeginsANewOne restores the appliance while
// Central is away, so that it goes on from the copy and logs other things at
// positions that Central has cosigned. That must not be hidden: a new log
// begins, and both prove themselves.
func TestAnApplianceThatForkedItsLogBeginsANewOne(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_MONITOR_ONLY)
	s.rewound = true
	s.flips(4)
	copied := s.keep(s.Appliance, "appliance")
	s.flips(6)
	s.settled()
	if err := s.Central.Kill(); err != nil {
		t.Fatal(err)
	}
	s.replace(s.Appliance, "appliance", copied)
	s.must("starting the restored appliance without Central", s.Appliance.Start)
	s.flips(5)
	s.must("starting Central again", s.Central.Start)
	s.settled()
	all, err := s.evidence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	newest, old := 0, map[string]bool{}
	for _, e := range all {
		if strings.HasSuffix(e.GetLogOrigin(), "/1") {
			newest++
		} else {
			old[e.GetLogOrigin()] = true
		}
	}
	if len(old) != 1 || newest < 2 {
		t.Errorf("evidence is of old logs %v and %d bundles of a new one; want one old log and a new one that says why it began", old, newest)
	}
	// What Central alone has of the old log stays there; all that is here, of
	// both logs, must prove itself.
	s.until("the export is proven", func(ctx context.Context) error {
		exported, err := s.exportProven(ctx)
		if err == nil && exported <= newest {
			err = fmt.Errorf("%d bundles are exported; want %d of the new log and some of the old", exported, newest)
		}
		return err
	})
}

// TestAQueueFromAnOldCopyStartsAnew restores the agent's data folder: what the
// copy held comes again under a new queue id, and nothing of the old queue is
// taken for it.
func TestAQueueFromAnOldCopyStartsAnew(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_MONITOR_ONLY)
	s.flips(4)
	s.settled()
	copied := s.keep(s.Agent.Process, "agent/data")
	s.flips(8)
	_, queues := s.settled()
	old := queues[0]
	s.replace(s.Agent.Process, "agent/data", copied)
	s.must("starting the restored agent", s.Agent.Start)
	s.until("the queue has a new id", func(ctx context.Context) error {
		now, err := readQueue(ctx, s.Agent)
		if err == nil && now.id == old.id {
			err = fmt.Errorf("the queue id is still %s", old.id)
		}
		return err
	})
	s.flips(5)
	accounts, queues := s.settled()
	q := queues[0]
	if len(accounts) != 2 {
		t.Errorf("bundles are of %d queues; want 2, the old and the new", len(accounts))
	}
	if err := accounts[old.id].covers(old.next - 1); err != nil {
		t.Errorf("the old queue: %v", err)
	}
	if len(accounts[q.id].lost) > 0 {
		t.Errorf("gaps are %v; want none", accounts[q.id].lost)
	}
	s.proven()
}

// TestCentralAwayLosesNothing lets Central be away while drifts flow, and the
// appliance be restarted meanwhile.
func TestCentralAwayLosesNothing(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_SELF_HEAL)
	s.settled()
	s.must("stopping Central", func(context.Context) error { return s.Central.Stop() })
	s.write(s.Agent, broken)
	s.until("it heals without Central", func(context.Context) error {
		if s.count("appliance: command result") == 0 {
			return fmt.Errorf("no command has a result")
		}
		return nil
	})
	s.must("stopping the appliance", func(context.Context) error { return s.Appliance.Stop() })
	s.must("starting the appliance without Central", s.Appliance.Start)
	s.flips(10)
	s.must("starting Central again", s.Central.Start)
	accounts, queues := s.settled()
	if a := accounts[queues[0].id]; len(a.lost) > 0 {
		t.Errorf("gaps are %v; want none", a.lost)
	}
	s.proven()
}
