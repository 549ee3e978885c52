package update

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/lock"
	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/agent/internal/wire"
)

// Service starts the agent as the system runs it; nil when it runs already. There
// is no Stop: a service that was stopped would stay so if the watcher were killed
// too, while one whose process is killed is started again.
//
// Guard says whether a watcher is to be started at boot: a new program that does
// not get as far as Boot cannot do that, and a power cut ends the watcher.
type Service interface {
	Start(ctx context.Context) error
	Guard(on bool) error
}

// Watcher is the verb watch-update, run by the old program.
type Watcher struct {
	Folder  string
	Lock    string  // the agent's own lock; whoever holds it is the agent
	Service Service // nil: the agent was started by hand
	Log     *say.Logger

	why string // what was wrong with the new program, if the journal could not be written
}

// Limits of a trial. They are variables for tests only.
var (
	trialTime   = 10 * time.Minute // from the new program's start to its proof
	settleTime  = 15 * time.Second // without an agent, until the watcher starts it
	stopTime    = 45 * time.Second // an agent may take to end, before it is killed
	killTime    = 15 * time.Second // from then on
	serviceTime = time.Minute      // the service manager may take
	pollTime    = 100 * time.Millisecond
	repeatTime  = 2 * time.Second // after an error of our own
)

// mostStarts is how often the new program may be started without a proof.
const mostStarts = 3

// Run works until the update has ended, either way, or ctx has. A second watcher
// ends at once.
func (w *Watcher) Run(ctx context.Context) error {
	mine, err := lock.Take(filepath.Join(w.Folder, watchLock))
	if errors.Is(err, lock.ErrTaken) {
		return nil
	}
	if err != nil {
		return err
	}
	w.work(ctx)
	return mine.Close()
}

// work is Run for the one watcher there is.
func (w *Watcher) work(ctx context.Context) {
	for ctx.Err() == nil {
		var err error
		j := load(w.Folder)
		switch j.phase {
		case idle:
			return
		case ready:
			err = w.swap(ctx, j)
		default:
			err = w.judge(ctx, j)
		}
		if err != nil && ctx.Err() == nil {
			w.Log.Error("update is stuck", "error", err)
			sleep(ctx, repeatTime)
		}
	}
}

// swap puts the new program in place once the agent has ended.
func (w *Watcher) swap(ctx context.Context, j *journal) error {
	held, err := w.takeLock(ctx, stopTime)
	if err != nil {
		return err
	}
	reached("held")
	w.guard(true)
	if fresh := beside(j.exe, "new"); !holds(j.exe, j.sha) {
		switch {
		case holds(fresh, j.sha):
			err = replace(fresh, j.exe)
		case ctx.Err() == nil:
			err = errTampered
		}
	}
	reached("swapped")
	if err == nil {
		j.phase = trial
		if err := errors.Join(j.save(w.Folder), held.Close()); err != nil {
			return err
		}
		reached("trial")
		w.Log.Info("new program in place")
		if w.Service != nil {
			w.start(ctx, j)
		}
		return nil
	}
	w.guard(false)
	j.end(j.sha, wire.UpdateFailed, err.Error(), time.Now().UnixMilli())
	w.Log.Error("new program not put in place", "error", err)
	if err := errors.Join(j.save(w.Folder), held.Close()); err != nil {
		return err
	}
	w.bringUp(ctx, j)
	return nil
}

// judge waits for the proof, and puts the old program back if there is none.
func (w *Watcher) judge(ctx context.Context, j *journal) error {
	if j.why == "" {
		j.why = w.why
	}
	state, reason := uint64(wire.UpdateRolledBack), j.why
	if reason == "" {
		reason = "the old program was put back"
	}
	sum, err := copyFile(j.exe, "", 0)
	gone := errors.Is(err, os.ErrNotExist)
	if err != nil && !gone {
		return err
	}
	if gone || bytes.Equal(sum, j.sha) {
		switch {
		case gone:
			reason = "it is gone"
		case j.why == "": // else a watcher before this one has seen enough
			reason = w.wait(ctx, j)
		}
		if ended := ctx.Err(); ended != nil {
			return ended // the next watcher goes on
		}
		if reason == "" {
			state = wire.UpdateInstalled
		} else {
			w.Log.Error("new program failed", "reason", reason)
			j.why, w.why = reason, reason
			_ = j.save(w.Folder) // a full disk must not keep the old program away
			if err := w.rollBack(ctx, j); err != nil {
				return err
			}
		}
	}
	if state != wire.UpdateInstalled {
		reached("restored")
		w.bringUp(ctx, j)
	}
	// Before the journal says that all is over: nobody would do it after that.
	w.guard(false)
	j.end(j.sha, state, reason, time.Now().UnixMilli())
	if err := j.save(w.Folder); err != nil {
		return err
	}
	reached("done")
	w.Log.Info("update ended", "installed", state == wire.UpdateInstalled)
	_ = os.Remove(beside(j.exe, "new"))
	return clean(w.Folder)
}

// wait gives "" when the new program has proved itself, or what is wrong with it.
func (w *Watcher) wait(ctx context.Context, j *journal) string {
	until := time.Now().Add(trialTime)
	away := time.Now() // since when no agent runs
	started := 0
	for ctx.Err() == nil {
		if proof, err := os.ReadFile(filepath.Join(w.Folder, proofFile)); err == nil && bytes.Equal(proof, j.id) {
			return ""
		}
		if size, err := atomicfile.Size(filepath.Join(w.Folder, startsFile)); err == nil && size > mostStarts {
			return "it was started " + strconv.FormatInt(size, 10) + " times without proving itself"
		}
		now := time.Now()
		switch {
		case now.After(until):
			return "it did not prove itself within " + trialTime.String()
		case w.runs():
			away = now
		case now.Sub(away) < settleTime:
		case started == mostStarts:
			return "it does not stay up"
		default:
			started++
			away = now
			w.start(ctx, j)
		}
		sleep(ctx, pollTime)
	}
	return ""
}

// rollBack puts the old program back. The new one is killed.
func (w *Watcher) rollBack(ctx context.Context, j *journal) error {
	reached("failed")
	held, err := w.takeLock(ctx, 0)
	if err != nil {
		return err
	}
	// This program runs from there; a running program may be renamed everywhere.
	return errors.Join(replace(beside(j.exe, "old"), j.exe), held.Close())
}

// bringUp starts the agent, unless its manager is faster, and comes back when one
// runs: a machine whose agent stays away tells nobody.
func (w *Watcher) bringUp(ctx context.Context, j *journal) {
	pause := time.Second
	if w.Service == nil {
		pause = settleTime // whatever manages it deserves to keep it
	}
	for {
		for until := time.Now().Add(pause); time.Now().Before(until) && ctx.Err() == nil; sleep(ctx, pollTime) {
			if w.runs() {
				return
			}
		}
		if ctx.Err() != nil {
			return
		}
		w.start(ctx, j)
		pause = min(2*pause, time.Minute)
	}
}

// IsService tells whether the agent that is being replaced was started by the
// verb service.
func IsService(folder string) bool {
	j := load(folder)
	return len(j.args) > 0 && j.args[0] == "service"
}

// mostLog bounds the watcher's log; a longer one begins anew.
const mostLog = 64 << 10

// OpenLog opens the watcher's log. It has no other place: its service manager
// knows nothing of it.
func OpenLog(folder string) (*os.File, error) {
	flags := os.O_CREATE | os.O_APPEND | os.O_WRONLY
	path := filepath.Join(folder, watchLog)
	if size, err := atomicfile.Size(path); err == nil && size > mostLog {
		flags |= os.O_TRUNC
	}
	return os.OpenFile(path, flags, 0o600)
}

// start asks for the agent once.
func (w *Watcher) start(ctx context.Context, j *journal) {
	var err error
	if w.Service != nil {
		limited, cancel := context.WithTimeout(ctx, serviceTime)
		err = w.Service.Start(limited)
		cancel()
	} else {
		err = start(j.exe, j.args)
	}
	if err != nil {
		w.Log.Warn("agent not started", "error", err)
	}
}

// guard is Service.Guard, if there is a service; without it the update goes on.
func (w *Watcher) guard(on bool) {
	if w.Service == nil {
		return
	}
	if err := w.Service.Guard(on); err != nil {
		w.Log.Warn("watcher not guarded", "error", err)
	}
}

// runs tells whether an agent holds its lock.
func (w *Watcher) runs() bool {
	l, err := lock.Take(w.Lock)
	if err == nil {
		err = l.Close()
	}
	return errors.Is(err, lock.ErrTaken)
}

// takeLock keeps every agent from running. One that does not end in time is
// killed.
func (w *Watcher) takeLock(ctx context.Context, patience time.Duration) (io.Closer, error) {
	begun := time.Now()
	for killed := begun; ; sleep(ctx, pollTime) {
		l, err := lock.Take(w.Lock)
		waited := time.Since(begun)
		switch {
		case err == nil:
			return l, nil
		case !errors.Is(err, lock.ErrTaken) || ctx.Err() != nil || waited > patience+killTime:
			return nil, fmt.Errorf("waiting for the agent to end: %w", err)
		case waited >= patience && time.Since(killed) >= time.Second:
			killed = time.Now() // again, if the service manager was faster than we
			w.kill()
		}
	}
}

// kill ends the agent that wrote its process id and still holds the lock.
func (w *Watcher) kill() {
	b, err := os.ReadFile(filepath.Join(w.Folder, pidFile))
	if err != nil {
		return
	}
	pid, err := strconv.Atoi(string(b))
	if err != nil || pid <= 1 || pid == os.Getpid() {
		return
	}
	err = kill(pid)
	w.Log.Warn("agent killed", "pid", pid, "error", err)
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	select {
	case <-ctx.Done():
	case <-t.C:
	}
	t.Stop()
}
