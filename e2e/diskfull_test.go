//go:build integration

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// smallDisk puts the agent's data folder on a disk of 2 MB that only the agent
// sees: a mount in a namespace of its own. It gives the folder as it is seen from
// here.
func (s *site) smallDisk() (folder func() string) {
	s.t.Helper()
	if out, err := exec.CommandContext(s.t.Context(), "unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt").CombinedOutput(); err != nil {
		s.t.Skipf("no mount namespace here: %v: %s", err, out)
	}
	s.must("stopping the agent", func(context.Context) error { return s.Agent.Stop() })
	data := s.Agent.Data()
	copied := s.t.TempDir()
	script := `cp -a "$1/." "$2" && mount -t tmpfs -o size=2m,mode=700 none "$1" && cp -a "$2/." "$1" && shift 2 && exec "$@"`
	s.Agent.Args = append([]string{"-rm", "sh", "-c", script, "sh", data, copied, s.Agent.Path}, s.Agent.Args...)
	s.Agent.Path = "unshare"
	before := s.count("agent: connected")
	s.must("starting the agent on a small disk", s.Agent.Start)
	s.until("it is connected", s.more("agent: connected", before))
	return func() string { return filepath.Join("/proc", fmt.Sprint(s.Agent.PID()), "root", data) }
}

// fill writes until a disk is full and gives the file.
func fill(t *testing.T, folder string) string {
	t.Helper()
	path := filepath.Join(folder, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{64 << 10, 4 << 10} { // down to the last page
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAFullDiskIsSurvivedAndReported fills the disk under a running agent, lets it
// find drifts that it cannot keep, and makes room again.
func TestAFullDiskIsSurvivedAndReported(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_MONITOR_ONLY)
	s.settled()
	filler := fill(t, s.smallDisk()())
	content := broken
	for n := 0; s.count("agent: queueing a verdict") < 3; n++ {
		if n == 200 {
			t.Fatal("the disk is full and the agent goes on queueing")
		}
		s.write(s.Agent, content)
		if content == broken {
			content = hardened
		} else {
			content = broken
		}
		time.Sleep(time.Second) // the agent's interval
	}
	if !s.Agent.Running() {
		t.Fatalf("the agent did not survive: %v", s.Agent.Reason())
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	s.until("the loss is told", func(context.Context) error {
		log, err := os.ReadFile(filepath.Join(s.dir, "logs", "appliance.log"))
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(log)) {
			if strings.Contains(line, "records lost") && strings.Contains(line, "disk_full") {
				return nil
			}
		}
		return errors.New("no gap says disk_full")
	})
	for _, want := range []struct{ content, status string }{{broken, "fail"}, {hardened, "pass"}} {
		s.write(s.Agent, want.content)
		s.until("Central shows the truth: "+want.status, func(ctx context.Context) error { return s.shows(ctx, want.status) })
	}
	s.proven()
}
