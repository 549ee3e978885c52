//go:build integration

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/osiriscare/osiris/e2e/binary"
	"github.com/osiriscare/osiris/e2e/stack"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// vendor has the release tool, its keys and the programs it has built.
type vendor struct {
	t          *testing.T
	dir, root  string
	tool, repo string
	anchor     string
	built      int
}

func newVendor(t *testing.T) *vendor {
	t.Helper()
	root, err := checkout()
	if err != nil {
		t.Fatal(err)
	}
	v := &vendor{t: t, dir: t.TempDir(), root: root, built: 1_700_000_000}
	v.tool, v.repo = filepath.Join(v.dir, "release"), filepath.Join(v.dir, "repo")
	v.build(v.tool, "./tools/release", "")
	keys := map[string]string{}
	for _, k := range []string{"a", "b", "c", "s", "t"} {
		keys[k] = v.release("key", "--out", filepath.Join(v.dir, k))
	}
	three := "2:" + keys["a"] + "," + keys["b"] + "," + keys["c"]
	v.release("root", "--dir", v.repo, "--root", three, "--targets", three, "--snapshot", "1:"+keys["s"], "--timestamp", "1:"+keys["t"])
	v.sign("root", "a", "b")
	v.anchor = v.release("anchor", "--dir", v.repo)
	return v
}

// release runs the tool.
func (v *vendor) release(args ...string) string {
	v.t.Helper()
	out, err := exec.CommandContext(v.t.Context(), v.tool, args...).CombinedOutput()
	if err != nil {
		v.t.Fatalf("release %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (v *vendor) sign(role string, keys ...string) {
	v.t.Helper()
	for _, k := range keys {
		v.release("sign", "--dir", v.repo, "--role", role, "--key", filepath.Join(v.dir, k))
	}
}

// build builds a package, stamped.
func (v *vendor) build(target, pkg, stamps string) {
	v.t.Helper()
	args := []string{"build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w " + stamps, "-o", target}
	if tags := binary.AgentTags("/"); tags != "" && strings.HasPrefix(pkg, "./agent/") {
		args = append(args, "-tags", tags)
	}
	cmd := exec.CommandContext(v.t.Context(), "go", append(args, pkg)...)
	cmd.Dir, cmd.Env = v.root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		v.t.Fatalf("building %s: %v\n%s", pkg, err, out)
	}
}

// agent builds the real agent as a version of its own.
func (v *vendor) agent(version string) string {
	v.t.Helper()
	v.built++
	path := filepath.Join(v.dir, "agent-"+version)
	v.build(path, "./agent/cmd/osiris-agent", fmt.Sprintf("-X main.version=%s -X main.built=%d -X main.releaseRoots=%s", version, v.built, v.anchor))
	return path
}

// offer signs a program, built last, and puts the folder where the appliance
// looks.
func (v *vendor) offer(program, version, to string) {
	v.t.Helper()
	v.release("add", "--dir", v.repo, "--os", runtime.GOOS, "--arch", runtime.GOARCH, "--version", version,
		"--built", fmt.Sprint(v.built), program)
	v.sign("targets", "b", "c")
	v.release("publish", "--dir", v.repo, "--snapshot-key", filepath.Join(v.dir, "s"), "--timestamp-key", filepath.Join(v.dir, "t"))
	if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(v.repo))); err != nil {
		v.t.Fatal(err)
	}
}

// supervise starts the agent again whenever it ends, as a service manager does.
func supervise(t *testing.T, c *stack.Computer) {
	stop, done := make(chan struct{}), make(chan struct{})
	var once sync.Once
	end := func() { once.Do(func() { close(stop); <-done }) }
	t.Cleanup(end)
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-c.Ended():
			}
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Millisecond):
			}
			if err := c.Launch(); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Log(err)
			}
		}
	}()
}

// inPlace tells whether the agent's program is this one.
func inPlace(path, program string) error {
	got, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	want, err := os.ReadFile(program)
	if err == nil && !bytes.Equal(got, want) {
		err = errors.New("another program is in place")
	}
	return err
}

// logged tells whether a program has logged a line with these parts.
func (s *site) logged(program string, parts ...string) error {
	content, err := os.ReadFile(filepath.Join(s.dir, "logs", program+".log"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(content)) {
		all := true
		for _, p := range parts {
			all = all && strings.Contains(line, p)
		}
		if all {
			return nil
		}
	}
	return fmt.Errorf("%s has not logged %q", program, parts)
}

// breakAndHeal shows that the agent works: a drift is seen and healed.
func (s *site) breakAndHeal() {
	s.t.Helper()
	failed := s.count(s.Agent.Name + ": fail")
	s.write(s.Agent, broken)
	s.until("the drift was seen and healed", func(context.Context) error {
		if s.count(s.Agent.Name+": fail") == failed || s.verdict() != "pass" {
			return errors.New("it was not")
		}
		return nil
	})
}

// TestAnAgentIsUpdatedAndABadUpdateIsTakenBack updates the real agent through the
// real appliance, twice: to a good version, and to one that crashes.
func TestAnAgentIsUpdatedAndABadUpdateIsTakenBack(t *testing.T) {
	programsBuilt, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	v := newVendor(t)
	first, second := v.agent("1.0.0"), v.agent("1.1.0")
	installed := filepath.Join(v.dir, "bin", "osiris-agent")
	if err := os.MkdirAll(filepath.Dir(installed), 0o755); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(first)
	if err == nil {
		err = os.WriteFile(installed, content, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	appliance := filepath.Join(v.dir, "osiris-appliance")
	v.build(appliance, "./appliance/cmd/osiris-appliance", "-X main.releaseRoots="+v.anchor)
	s := startWith(t, map[string]string{
		"osiris-central": programsBuilt["osiris-central"], "osirisctl": programsBuilt["osirisctl"],
		"osiris-appliance": appliance, "osiris-agent": installed,
	}, trustv1.Tier_TIER_SELF_HEAL)
	supervise(t, s.Agent)
	folder := filepath.Join(s.dir, "appliance", "update")
	restart := func() { // agents ask with each session
		s.must("stopping the appliance", func(context.Context) error { return s.Appliance.Stop() })
		s.must("starting the appliance", s.Appliance.Start)
	}

	v.offer(second, "1.1.0", folder)
	restart()
	s.until("the new version reports", func(context.Context) error {
		return errors.Join(s.logged("appliance", "agent update told", `"agent_version":"1.1.0"`, "UPDATE_STATE_INSTALLED"), inPlace(installed, second))
	})
	s.breakAndHeal()

	v.built++
	crashing := filepath.Join(v.dir, "crashing")
	v.build(crashing, "./e2e/testdata/crashing", "")
	v.offer(crashing, "1.2.0", folder)
	restart()
	s.until("the crashing version was tried and taken back", func(context.Context) error {
		return errors.Join(
			s.logged("appliance", "agent update told", `"agent_version":"1.1.0"`, "UPDATE_STATE_ROLLED_BACK", "it does not stay up"),
			inPlace(installed, second))
	})
	s.breakAndHeal()
	restart()
	s.until("the appliance has halted it", func(context.Context) error { return s.logged("appliance", "update halted", `"version":"1.2.0"`) })
	s.until("all of it is evidence", s.updatesProven)
	said, err := s.appliance(t.Context(), "update", "list")
	if err != nil || !strings.Contains(said, "1 of 1 agents put the old program back") {
		t.Errorf("update list says %v:\n%s", err, said)
	}

	// Somebody puts a program of their own into the folder.
	tampered, err := filepath.Glob(filepath.Join(folder, "targets", "agent", "1.2.0", "*", "*"))
	if err != nil || len(tampered) != 1 {
		t.Fatalf("the folder's program is %v, %v", tampered, err)
	}
	if err := errors.Join(os.WriteFile(tampered[0], []byte("#!/bin/sh\n"), 0o755), os.Chtimes(filepath.Join(folder, "agent.bundle"), time.Now(), time.Now())); err != nil {
		t.Fatal(err)
	}
	restart()
	s.until("the tampered folder is refused", func(context.Context) error {
		return s.logged("appliance", "update folder refused", "its content is not what was signed")
	})
	s.until("the refusal is evidence", func(ctx context.Context) error { return s.proves(ctx, "escalation", "rejected", 1) })
	s.settled()
	s.proven()
}

// updatesProven wants the evidence of two updates: on trial and healthy, and taken
// back, which halted it. The crashing program never said that it was on trial.
func (s *site) updatesProven(ctx context.Context) error {
	return errors.Join(s.proves(ctx, "observation", "success", 1), s.proves(ctx, "observation", "reverted", 1), s.proves(ctx, "escalation", "alert", 1))
}

// proves wants so many bundles, which are of no check.
func (s *site) proves(ctx context.Context, kind, outcome string, want int) error {
	all, err := s.evidence(ctx)
	got := 0
	for _, e := range all {
		if e.GetKind() == kind && e.GetOutcome() == outcome && e.GetCheckId() == "" {
			got++
		}
	}
	if err == nil && got != want {
		err = fmt.Errorf("there are %d bundles of a %s with outcome %s; want %d", got, kind, outcome, want)
	}
	return err
}
