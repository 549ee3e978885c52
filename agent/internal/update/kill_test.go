package update

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/agent/internal/lock"
	"github.com/osiriscare/osiris/agent/internal/wire"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/release/releasetest"
)

// machine is a computer with a small agent and a service manager that starts it
// again whenever it ends.
type machine struct {
	t        *testing.T
	root     string
	exe      string
	old, new []byte
	env      []string
	stop     chan struct{}
	stopped  chan struct{}
}

const (
	builtOld = 1_700_000_000
	builtNew = 1_700_000_001
)

// newMachine installs the old agent and offers a new one.
func newMachine(t *testing.T, behaviour string, env ...string) *machine {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, root: t.TempDir()}
	m.old = append(bytes.Clone(program), trailer+strconv.Itoa(builtOld)+" good"...)
	m.new = append(program, trailer+strconv.Itoa(builtNew)+" "+behaviour...)
	m.exe = filepath.Join(m.root, "bin", "osiris-agent")
	if runtime.GOOS == "windows" {
		m.exe += ".exe"
	}
	m.env = append(append(os.Environ(), "OSIRIS_MINI="+m.root), env...)
	r := releasetest.New(t)
	r.Add("agent/new", m.new, "new", builtNew, runtime.GOOS, runtime.GOARCH)
	m.write("bin/"+filepath.Base(m.exe), m.old)
	m.write("roots", []byte(r.Anchor()))
	m.write("bundle", r.Bundle(0))
	m.write("target", m.new)
	m.write("offer", []byte("agent/new"))
	return m
}

func (m *machine) write(name string, content []byte) {
	m.t.Helper()
	path := filepath.Join(m.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o755); err != nil {
		m.t.Fatal(err)
	}
}

// supervise is the service manager: it starts the agent, and again when it ended,
// but not while the file "stopped" is there.
func (m *machine) supervise() {
	m.stop, m.stopped = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(m.stopped)
		for {
			select {
			case <-m.stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
			if _, err := os.Stat(filepath.Join(m.root, "guard")); err == nil {
				m.guard()
			}
			if _, err := os.Stat(filepath.Join(m.root, "stopped")); err != nil {
				m.once()
			}
		}
	}()
	m.t.Cleanup(m.end)
}

// guard starts a watcher as the system does at boot; one that is not needed ends
// at once.
func (m *machine) guard() {
	command := exec.Command(Old(m.exe), "watch-update")
	command.Env = m.env
	if command.Start() == nil {
		go func() { _ = command.Wait() }()
	}
}

// once runs the agent until it ends or is to be stopped.
func (m *machine) once() {
	command := exec.Command(m.exe, "run")
	command.Env = m.env
	if command.Start() != nil {
		return // there is no whole program: the test will see that
	}
	done := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(done)
	}()
	for {
		select {
		case <-done:
			return
		case <-m.stop:
			_ = command.Process.Kill()
		case <-time.After(20 * time.Millisecond):
			if _, err := os.Stat(filepath.Join(m.root, "stopped")); err == nil {
				_ = command.Process.Kill()
			}
		}
	}
}

// end stops the agent and waits for watchers.
func (m *machine) end() {
	select {
	case <-m.stopped:
		return
	default:
	}
	close(m.stop)
	<-m.stopped
	// A watcher with nothing to supervise it starts the agent itself.
	m.until("the last process to end", func() bool {
		if b, err := os.ReadFile(filepath.Join(m.root, "pid")); err == nil && !free(filepath.Join(m.root, "lock")) {
			if pid, err := strconv.Atoi(string(b)); err == nil {
				if p, err := os.FindProcess(pid); err == nil {
					_ = p.Kill()
				}
			}
		}
		return free(filepath.Join(m.root, "lock")) && free(filepath.Join(m.root, "update", watchLock))
	})
}

func free(path string) bool {
	l, err := lock.Take(path)
	if err != nil {
		return os.IsNotExist(err)
	}
	return l.Close() == nil
}

// until waits without a verdict about time.
func (m *machine) until(what string, is func() bool) {
	m.t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			notes, _ := os.ReadFile(filepath.Join(m.root, "notes"))
			m.t.Fatalf("waiting for %s: journal %+v, running %s, notes:\n%s", what, load(filepath.Join(m.root, "update")), m.running(), notes)
		}
	}
}

func (m *machine) running() string {
	b, _ := os.ReadFile(filepath.Join(m.root, "running"))
	return string(b)
}

// expect waits for an outcome and that the agent of the given build runs.
func (m *machine) expect(state uint64, built int) {
	m.t.Helper()
	m.until("the outcome", func() bool {
		j := load(filepath.Join(m.root, "update"))
		return j.phase == idle && j.former.State == state
	})
	want := m.old
	if built == builtNew {
		want = m.new
	}
	got, err := os.ReadFile(m.exe)
	if err != nil || !bytes.Equal(got, want) {
		m.t.Fatalf("the program in place is not the one of %d (%v)", built, err)
	}
	m.until("the agent", func() bool {
		return m.running() == strconv.Itoa(built) && !free(filepath.Join(m.root, "lock"))
	})
	m.until("the report", func() bool {
		b, err := os.ReadFile(filepath.Join(m.root, "asked"))
		var q compliancev1.CheckUpdateRequest
		return err == nil && proto.Unmarshal(b, &q) == nil && uint64(q.GetOutcome().GetState()) == state && q.GetBuilt() == int64(built)
	})
}

func TestTheNewProgramIsInstalledWhateverIsKilled(t *testing.T) {
	for _, step := range []string{"", "staged", "copied", "ready", "held", "swapped", "trial", "boot", "done"} {
		t.Run("killed at "+step, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, "good")
			m.write("kill", []byte(step))
			m.supervise()
			m.expect(wire.UpdateInstalled, builtNew)
			if _, err := os.Stat(filepath.Join(m.root, "killed")); step != "" && err != nil {
				t.Error("nothing was killed: this test shows nothing")
			}
		})
	}
}

func TestAProgramThatFailsIsRolledBackWhateverIsKilled(t *testing.T) {
	for _, c := range []struct{ behaviour, step string }{
		{"crashes", ""},
		{"crashes early", ""},
		{"hangs", ""},
		{"crashes", "trial"},
		{"crashes", "boot"},
		{"crashes", "failed"},
		{"crashes", "restored"},
		{"crashes", "done"},
		{"crashes early", "restored"},
		{"hangs", "trial"},
		{"hangs", "restored"},
	} {
		t.Run("it "+c.behaviour+", killed at "+c.step, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, c.behaviour, "OSIRIS_MINI_IMPATIENT=yes")
			m.write("kill", []byte(c.step))
			m.supervise()
			m.expect(wire.UpdateRolledBack, builtOld)
			if _, err := os.Stat(filepath.Join(m.root, "killed")); c.step != "" && err != nil {
				t.Error("nothing was killed: this test shows nothing")
			}
			j := load(filepath.Join(m.root, "update"))
			if j.former.Failures != 1 || j.mayTry(j.former.SHA256, time.Now().UnixMilli()) {
				t.Errorf("the program may be tried again at once: %+v", j)
			}
		})
	}
}

// A power cut inside the trial of a program that does not even reach Boot ends the
// watcher too: nothing of ours is left to start one, so the system does.
func TestAProgramThatNeverGetsToBootIsRolledBackThoughItsWatcherIsKilled(t *testing.T) {
	for _, step := range []string{"swapped", "trial", "failed"} {
		t.Run("killed at "+step, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, "crashes early", "OSIRIS_MINI_IMPATIENT=yes", "OSIRIS_MINI_SERVICE=yes")
			m.write("kill", []byte(step))
			m.supervise()
			m.expect(wire.UpdateRolledBack, builtOld)
			if _, err := os.Stat(filepath.Join(m.root, "killed")); err != nil {
				t.Error("nothing was killed: this test shows nothing")
			}
			m.until("the guard to end", func() bool {
				_, err := os.Stat(filepath.Join(m.root, "guard"))
				return os.IsNotExist(err)
			})
			if why := load(filepath.Join(m.root, "update")).former.Reason; why == "" || why == "the old program was put back" {
				t.Errorf("the reason is %q; want what was wrong with the program", why)
			}
		})
	}
}

// What a service manager does that gives up on a service that keeps crashing, or
// a person who stops it.
func TestAServiceThatWasStoppedComesBack(t *testing.T) {
	for _, behaviour := range []string{"crashes", "crashes early", "hangs"} {
		t.Run("it "+behaviour, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, behaviour, "OSIRIS_MINI_IMPATIENT=yes", "OSIRIS_MINI_SERVICE=yes")
			m.supervise()
			m.until("the trial", func() bool { return load(filepath.Join(m.root, "update")).phase == trial })
			m.write("stopped", nil)
			m.expect(wire.UpdateRolledBack, builtOld)
		})
	}
}
