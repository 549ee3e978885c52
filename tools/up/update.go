package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// install copies a program to where it runs.
func install(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("installing the agent: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("installing the agent: %w", err)
	}
	return os.WriteFile(to, content, 0o755)
}

// signRelease publishes the agent that is installed; nobody needs it.
func (r *round) signRelease(ctx context.Context) error {
	return r.vendor.offer(ctx, r.binaries["osiris-agent"], r.stack.UpdateDir())
}

// offerRelease publishes a newer agent. An agent asks with each session, else
// once an hour, so it is started again.
func (r *round) offerRelease(ctx context.Context) error {
	next, err := r.vendor.agent(ctx)
	if err != nil {
		return err
	}
	if err := r.vendor.offer(ctx, next, r.stack.UpdateDir()); err != nil {
		return err
	}
	r.updating.Store(true)
	r.show.say("version %s signed by two of three keys; the agent asks when it has a session", r.vendor.name())
	return r.computer.Stop()
}

// replaced waits for evidence of a healthy agent of the next version.
func (r *round) replaced(ctx context.Context) error {
	err := until(ctx, "there is no evidence of a new agent that is healthy", func(ctx context.Context) (bool, error) {
		all, err := r.evidence(ctx)
		for id, e := range all {
			if updated(e) && e.GetWitnessed() {
				err := r.verifyBundle(ctx, id)
				return err == nil, err
			}
		}
		return false, err
	})
	if err != nil {
		return err
	}
	said, err := exec.CommandContext(ctx, r.computer.Path, "version").Output()
	if err != nil || !strings.Contains(string(said), r.vendor.name()) {
		return fmt.Errorf("the program in place says it is %q, not %s: %w", strings.TrimSpace(string(said)), r.vendor.name(), err)
	}
	r.updating.Store(false)
	return nil
}

// updated tells evidence of an update that went well from that of a check.
func updated(e *centralv1.Evidence) bool {
	return e.GetKind() == "observation" && e.GetOutcome() == "success" && e.GetCheckId() == ""
}

// supervise starts the agent again while it is being replaced, as a service
// manager does. At any other time its end fails the round.
func (r *round) supervise() {
	go func() {
		for {
			<-r.computer.Ended()
			if r.stopping.Load() {
				return
			}
			if !r.updating.Load() {
				r.fail(r.computer.Reason())
				return
			}
			time.Sleep(pause)
			if err := r.computer.Launch(); err != nil && !r.stopping.Load() && !errors.Is(err, fs.ErrNotExist) {
				r.fail(err)
				return
			}
		}
	}()
}

// killStrays ends what was started from the folder of the installed agent and
// is left: the watcher of an update that was interrupted.
func (r *round) killStrays() error {
	found, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		return err
	}
	bin := filepath.Join(r.dir, "bin") + string(filepath.Separator)
	for _, link := range found {
		program, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(program, bin) {
			continue // ended meanwhile, or somebody else's
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link))); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may just have ended
		}
	}
	return nil
}
