package intake_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// childDir tells the test binary that it is the appliance which gets killed.
const childDir = "OSIRIS_TEST_INTAKE_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := accept(context.Background(), dir); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// accept takes records of one queue for ever and prints each mark once it was
// returned. Its agent enrolled in the first life; the queue is found again.
func accept(ctx context.Context, dir string) error {
	id, err := os.ReadFile(dir + "/agent")
	if err != nil {
		return err
	}
	agentID, queueID := string(id[:len(id)-16]), id[len(id)-16:]
	site, err := rehearsal.Again(dir)
	if err != nil {
		return err
	}
	a, err := rehearsal.Start(ctx, site, dir, rehearsal.Options{NoEvidence: true})
	if err != nil {
		return err
	}
	mark, _, err := a.Intake.Mark(ctx, agentID, queueID)
	if err != nil {
		return err
	}
	for {
		r := &compliancev1.Report{QueueId: queueID}
		for n := range uint64(3) {
			r.Records = append(r.Records, rehearsal.Verdict(mark+n+1, "disk_space", compliancev1.Status(1+(mark+n)%2)))
		}
		if mark, err = a.Intake.Accept(ctx, intake.Peer{AgentID: agentID}, r); err != nil {
			return err
		}
		fmt.Println(mark)
	}
}

// TestAnAckIsDurableOverKill9 kills the process that acknowledges, again and
// again: what it had acknowledged is there, with one outbox row a record.
func TestAnAckIsDurableOverKill9(t *testing.T) {
	dir := t.TempDir()
	site, err := rehearsal.NewSite(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := rehearsal.Start(t.Context(), site, dir, rehearsal.Options{NoEvidence: true})
	if err != nil {
		t.Fatal(err)
	}
	m, err := rehearsal.NewAgent("ws01")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Enrol(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/agent", append([]byte(m.ID), m.QueueID...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	for round := range 10 {
		acked := killAfter(t, dir, 5+17*round)
		a, err := rehearsal.Start(t.Context(), site, dir, rehearsal.Options{NoEvidence: true})
		if err != nil {
			t.Fatalf("round %d: starting after the kill: %v", round, err)
		}
		mark, _, err := a.Intake.Mark(t.Context(), m.ID, m.QueueID)
		if err != nil || mark < acked {
			t.Errorf("round %d: mark %d, %v; %d had been acknowledged", round, mark, err, acked)
		}
		var rows, ids uint64
		err = a.Store.Reader().QueryRowContext(t.Context(),
			"SELECT count(*), count(DISTINCT id) FROM outbox WHERE kind NOT IN ('enrolment', 'escalation')").Scan(&rows, &ids)
		if err != nil || rows != mark || ids != mark {
			t.Errorf("round %d: %d outbox rows of %d bundles, %v; want one for each of %d records", round, rows, ids, err, mark)
		}
		if err := a.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

// killAfter runs the child until it has printed n marks, kills it and returns
// the last mark that it printed.
func killAfter(t *testing.T, dir string, n int) (last uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "error:") {
			t.Fatal(lines.Text())
		}
		if _, err := fmt.Sscan(lines.Text(), &last); err != nil {
			break // the line that the kill cut off
		}
		if n--; n == 0 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	return last
}
