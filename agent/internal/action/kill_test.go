//go:build linux

package action_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/agent/internal/action"
	"github.com/osiriscare/osiris/agent/internal/policy"
	"github.com/osiriscare/osiris/agent/internal/probe"
	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/say"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/signed"
)

// Environment of the child process.
const (
	killAt      = "OSIRIS_TEST_KILL_AT"
	killData    = "OSIRIS_TEST_DATA"
	killRoot    = "OSIRIS_TEST_ROOT"
	killCommand = "OSIRIS_TEST_COMMAND" // file with nonce and envelope
	killPin     = "OSIRIS_TEST_PIN"
)

// insideApply is the moment between the change and its note in the journal.
const insideApply = "inside remediate"

// TestMain is the child when the environment says so.
func TestMain(m *testing.M) {
	if os.Getenv(killAt) != "" {
		if err := child(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child takes one command and is killed at the given point.
func child() error {
	kill := func(point string) {
		if point == os.Getenv(killAt) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until the signal arrives
		}
	}
	pin, err := signed.ParseKeyID(os.Getenv(killPin))
	if err != nil {
		return err
	}
	p, err := policy.New(os.Getenv(killData), pin, 0)
	if err != nil {
		return err
	}
	q, err := queue.Open(filepath.Join(os.Getenv(killData), "queue.db"), queue.Limits{})
	if err != nil {
		return err
	}
	actions := action.List()
	apply := actions[0].Fix.Apply
	actions[0].Fix = override{Fix: actions[0].Fix, apply: func(ctx context.Context, h *action.Host) (string, error) {
		detail, err := apply(ctx, h)
		kill(insideApply)
		return detail, err
	}}
	ctx, cancel := context.WithCancel(context.Background())
	r, err := action.New(action.Deps{
		Actions: actions, Root: os.Getenv(killRoot), Reader: probe.New(os.Getenv(killRoot)), Authority: p, Queue: q,
		Clock: p.NowMs, Recheck: func(check.ID) { cancel() }, Log: say.Discard(),
	})
	if err != nil {
		return err
	}
	r.OnBoundary(kill)
	b, err := os.ReadFile(os.Getenv(killCommand))
	if err != nil {
		return err
	}
	envelope := &trustv1.SignedEnvelope{}
	command := &trustv1.Command{}
	if err := proto.Unmarshal(b, envelope); err != nil {
		return err
	}
	if err := proto.Unmarshal(envelope.Payload, command); err != nil {
		return err
	}
	s := &action.Session{AgentID: command.AgentId, Nonce: [16]byte(command.SessionNonce)}
	if err := r.Submit(s, b); err != nil {
		return err
	}
	return r.Run(ctx)
}

// TestAKillAtEveryPhaseBoundaryEndsHealedOrRestored kills the agent at each
// point, starts it again and looks at the host: never half-way, and the
// appliance hears of it exactly once.
func TestAKillAtEveryPhaseBoundaryEndsHealedOrRestored(t *testing.T) {
	points := []string{
		"accepted", "detect", "detect done", "snapshot", "snapshot done", "remediate", insideApply,
		"remediate done", "verify", "verify done", "rollback", "rollback done", "finished",
	}
	for _, healable := range []bool{true, false} {
		for _, point := range points {
			if healable && strings.HasPrefix(point, "rollback") {
				continue // never reached
			}
			t.Run(fmt.Sprintf("healable %v, killed at %s", healable, point), func(t *testing.T) {
				killAndResume(t, healable, point)
			})
		}
	}
}

func killAndResume(t *testing.T, healable bool, point string) {
	h := newHost(t)
	if !healable {
		h.configure("99-local.conf", "kernel.dmesg_restrict = 0\n")
	}
	h.close() // the child opens it
	command := h.command()
	file := filepath.Join(t.TempDir(), "command")
	if err := os.WriteFile(file, h.seal(command), 0o600); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), killAt+"="+point, killData+"="+h.data, killRoot+"="+h.root,
		killCommand+"="+file, killPin+"="+h.authority.CentralRoot.ID().String())
	out, err := child.CombinedOutput()
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child ended with %v: %s", err, out)
	}
	runs := 0
	actions := action.List()
	apply := actions[0].Fix.Apply
	actions[0].Fix = override{Fix: actions[0].Fix, apply: func(ctx context.Context, host *action.Host) (string, error) {
		runs++
		return apply(ctx, host)
	}}
	h.open(actions)
	resumed := 1
	if point == "finished" {
		resumed = 0
	}
	h.drain(resumed)
	r := h.only()
	if r.Resumed != (resumed == 1) || string(r.CommandId) != string(command.CommandId) {
		t.Errorf("the result is %v", r)
	}
	changed := map[string]bool{
		insideApply: true, "remediate done": true, "verify": true, "verify done": true,
		"rollback": true, "rollback done": true, "finished": true,
	}[point]
	if changed && runs != 0 {
		t.Error("it was remediated twice")
	}
	want, file60 := healed, "kernel.kptr_restrict = 1\n"
	if !healable || point == "remediate" {
		// At "remediate" nothing was changed yet, but the journal cannot know:
		// verify fails and the rollback restores what is there.
		want, file60 = rolledBack, drifted
	}
	if r.Outcome != want || !strings.Contains(h.content("60-osiris.conf"), file60) {
		t.Errorf("outcome %v, file %q; want %v, %q", r.Outcome, h.content("60-osiris.conf"), want, file60)
	}
	if want == rolledBack && h.content("60-osiris.conf") != drifted {
		t.Errorf("the file is %q; want %q", h.content("60-osiris.conf"), drifted)
	}
}
