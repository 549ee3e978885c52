package link_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/action"
	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	"github.com/osiriscare/osiris/agent/internal/identity"
	"github.com/osiriscare/osiris/agent/internal/link"
	"github.com/osiriscare/osiris/agent/internal/policy"
	"github.com/osiriscare/osiris/agent/internal/probe"
	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/agent/internal/schedule"
	"github.com/osiriscare/osiris/agent/internal/signature"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/check"
)

// logged collects log lines of an agent that may still run.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// rig is one machine: an agent with everything real but the appliance.
type rig struct {
	t    testing.TB
	data string
	root string
	log  *logged

	fallback string // address, or nothing
	addr     string // instead of the appliance's
	builtMs  int64
	keys     []ed25519.PublicKey // of signature lists
	link     *link.Link
	queue    *queue.Queue
	policy   *policy.Policy
	enrolled func()
	cancel   context.CancelFunc
	ended    sync.WaitGroup
}

func newRig(t testing.TB, a *fakeappliance.Appliance) *rig {
	t.Helper()
	return newRigWith(t, a, func() {})
}

// newRigWith calls enrolled between enrolment and the first session.
func newRigWith(t testing.TB, a *fakeappliance.Appliance, enrolled func()) *rig {
	t.Helper()
	return newRigAt(t, a, &rig{enrolled: enrolled})
}

// newRigAt fills in the rest of r and starts it.
func newRigAt(t testing.TB, a *fakeappliance.Appliance, r *rig) *rig {
	t.Helper()
	if r.enrolled == nil {
		r.enrolled = func() {}
	}
	r.t, r.data, r.root, r.log = t, t.TempDir(), t.TempDir(), &logged{}
	r.configure("60-osiris.conf", hardened)
	r.start(a)
	t.Cleanup(r.stop)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(r.log.String())
		}
	})
	return r
}

const hardened = `kernel.dmesg_restrict = 1
kernel.kptr_restrict = 1
kernel.randomize_va_space = 2
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.all.rp_filter = 1
net.ipv4.tcp_syncookies = 1
`

// configure writes a file of sysctl.d; empty content removes it.
func (r *rig) configure(name, content string) {
	r.t.Helper()
	folder := filepath.Join(r.root, "etc", "sysctl.d")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) configured(name string) string {
	r.t.Helper()
	content, err := os.ReadFile(filepath.Join(r.root, "etc", "sysctl.d", name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(content)
}

// start wires and runs the agent, enrolling when needed.
func (r *rig) start(a *fakeappliance.Appliance) {
	r.t.Helper()
	must := func(err error) {
		r.t.Helper()
		if err != nil {
			r.t.Fatal(err)
		}
	}
	id, err := identity.Open(r.data)
	must(err)
	pin, err := identity.ParsePin(a.SiteRoot(), a.CentralRoot.ID().String(), a.Addr())
	must(err)
	must(id.SetPin(pin))
	r.policy, err = policy.New(r.data, pin.CentralRoot, r.builtMs)
	must(err)
	r.queue, err = queue.Open(filepath.Join(r.data, "queue.db"), queue.Limits{})
	must(err)
	log := say.New(r.log, say.LevelDebug)
	reader := probe.New(r.root)
	s, err := schedule.New([]check.ID{check.SysctlHardening}, reader, r.policy, r.queue, log)
	must(err)
	s.Now = true
	runner, err := action.New(action.Deps{
		Actions: action.List(), Root: r.root, Reader: reader, Authority: r.policy, Queue: r.queue,
		Clock: r.policy.NowMs, Recheck: s.Recheck, Log: log,
	})
	must(err)
	addr := a.Addr()
	if r.addr != "" {
		addr = r.addr
	}
	l, err := link.New(link.Deps{
		Addr: addr, Fallback: r.fallback, Identity: id, Policy: r.policy, Queue: r.queue, State: s, Commands: runner, Log: log,
		Signatures: signature.New(r.data, r.keys, r.policy.NowMs),
		Host:       func() *wire.HostFacts { return reader.Host("test") },
	})
	must(err)
	l.SetPostsLife(2 * time.Second)
	r.link = l
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	if !id.Enrolled() {
		_, err := l.Enrol(ctx, fakeappliance.Token)
		must(err)
		r.enrolled()
	}
	for _, run := range []func(context.Context) error{s.Run, runner.Run, l.Run} {
		r.ended.Add(1)
		go func() {
			defer r.ended.Done()
			if err := run(ctx); err != nil {
				r.t.Error(err)
			}
		}()
	}
}

func (r *rig) stop() {
	if r.cancel == nil {
		return
	}
	r.cancel()
	r.ended.Wait()
	r.cancel = nil
	if err := r.queue.Close(); err != nil {
		r.t.Error(err)
	}
}

func contains(s, part string) bool { return bytes.Contains([]byte(s), []byte(part)) }

// queueLength is how many records wait, after stop.
func (r *rig) queueLength() int {
	r.t.Helper()
	q, err := queue.Open(filepath.Join(r.data, "queue.db"), queue.Limits{})
	if err != nil {
		r.t.Fatal(err)
	}
	stats, err := q.Stats()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		r.t.Fatal(err)
	}
	return int(stats.Records)
}

// readAll copies the files of a folder, writeAll puts them back.
func readAll(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(folder, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func writeAll(t testing.TB, folder string, files map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
