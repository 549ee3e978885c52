//go:build integration

package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// smallDisk puts the agent's data folder on a disk of so many bytes that only the
// agent sees: a mount in a namespace of its own. It may be full before the agent
// starts. It gives the folder as it is seen from here.
func (s *site) smallDisk(bytes int, full bool) (folder string) {
	s.t.Helper()
	if out, err := exec.CommandContext(s.t.Context(), "unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt").CombinedOutput(); err != nil {
		s.t.Skipf("no mount namespace here: %v: %s", err, out)
	}
	s.must("stopping the agent", func(context.Context) error { return s.Agent.Stop() })
	data := s.Agent.Data()
	copied := s.t.TempDir()
	script := `cp -a "$1/." "$2" && mount -t tmpfs -o size=$3,mode=700 none "$1" && cp -a "$2/." "$1" || exit
if $4; then dd if=/dev/zero of="$1/filler" bs=4k 2>&1 | grep -q "No space" || exit; fi
shift 4; exec "$@"`
	s.Agent.Args = append([]string{"-rm", "sh", "-c", script, "sh", data, copied, strconv.Itoa(bytes), strconv.FormatBool(full), s.Agent.Path}, s.Agent.Args...)
	s.Agent.Path = "unshare"
	before := s.count("agent: connected")
	s.must("starting the agent on a small disk", s.Agent.Start)
	s.until("it is connected", s.more("agent: connected", before))
	return filepath.Join("/proc", strconv.Itoa(s.Agent.PID()), "root", data)
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

// overflow changes the setting until the agent could not keep what it found.
func (s *site) overflow() {
	s.t.Helper()
	content := broken
	for n := 0; s.count("agent: queueing a verdict") < 3; n++ {
		if n == 200 {
			s.t.Fatal("the disk is full and the agent goes on queueing")
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
		s.t.Fatalf("the agent did not survive: %v", s.Agent.Reason())
	}
}

// heard waits for a line of the appliance with all these words.
func (s *site) heard(what string, words ...string) {
	s.t.Helper()
	s.until(what, func(context.Context) error {
		log, err := os.ReadFile(filepath.Join(s.dir, "logs", "appliance.log"))
		if err != nil {
			return err
		}
	lines:
		for line := range strings.Lines(string(log)) {
			for _, word := range words {
				if !strings.Contains(line, word) {
					continue lines
				}
			}
			return nil
		}
		return fmt.Errorf("no line with %q", words)
	})
}

// recovers makes room and wants the loss told, and the truth shown again.
func (s *site) recovers(filler string) {
	s.t.Helper()
	if err := os.Remove(filler); err != nil {
		s.t.Fatal(err)
	}
	s.heard("the loss is told", "records lost", "disk_full")
	s.heard("the appliance hears that there is room", "agent's disk", `"full":false`)
	for _, want := range []struct{ content, status string }{{broken, "fail"}, {hardened, "pass"}} {
		s.write(s.Agent, want.content)
		s.until("Central shows the truth: "+want.status, func(ctx context.Context) error { return s.shows(ctx, want.status) })
	}
	s.settled()
	s.proven()
}

// TestAFullDiskUnderTheAgentLosesNothing works on a disk that the queue's own log
// would fill, were it let, and goes on when others have filled the rest: what the
// log once had it keeps.
func TestAFullDiskUnderTheAgentLosesNothing(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_MONITOR_ONLY)
	s.settled()
	folder := s.smallDisk(400<<10, false)
	s.flips(20)
	s.settled()
	fill(t, folder)
	s.flips(20)
	accounts, queues := s.settled()
	if lost := accounts[queues[0].id].lost; len(lost) > 0 {
		t.Errorf("lost while the disk was full: %v", lost)
	}
	if n := s.count("agent: disconnected"); n > 0 {
		t.Errorf("the session ended %d times", n)
	}
	s.proven()
}

// TestAnAgentStartsOnAFullDisk restarts a computer whose disk is full to the last
// block, as people do.
func TestAnAgentStartsOnAFullDisk(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_MONITOR_ONLY)
	s.settled()
	folder := s.smallDisk(2<<20, true)
	s.overflow()
	s.heard("the appliance hears that the disk is full", "agent's disk", `"full":true`)
	if n := s.count("agent: disconnected"); n > 0 {
		t.Errorf("the session ended %d times", n)
	}
	s.recovers(filepath.Join(folder, "filler"))
}

// TestAFullDiskWhileTheLinkIsCut lets records pile up until the disk takes no more,
// and no acknowledgement either when the link is back: the session stays, what was
// kept arrives, and the appliance hears why there is no more.
func TestAFullDiskWhileTheLinkIsCut(t *testing.T) {
	s, g := behindGate(t, trustv1.Tier_TIER_MONITOR_ONLY)
	t.Setenv("OSIRIS_AGENT_FALLBACK_ADDR", "127.0.0.1:1") // nobody is there
	folder := s.smallDisk(1<<20, false)
	g.set(true)
	s.flips(3)
	filler := fill(t, folder)
	s.overflow()
	connected := s.count("agent: connected")
	g.set(false)
	s.until("it is connected again", s.more("agent: connected", connected))
	disconnected := s.count("agent: disconnected")
	s.heard("the appliance hears that the disk is full", "agent's disk", `"full":true`)
	s.until("what the disk kept is at Central", func(ctx context.Context) error {
		q, err := readQueue(ctx, s.Agent)
		if err != nil {
			return err
		}
		accounts, err := s.accounts(ctx)
		if err != nil {
			return err
		}
		return accounts[q.id].covers(q.next - 1)
	})
	if n := s.count("agent: disconnected"); n > disconnected {
		t.Errorf("the session ended %d times while the disk was full", n-disconnected)
	}
	s.recovers(filler)
}
