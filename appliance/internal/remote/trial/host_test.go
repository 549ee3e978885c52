//go:build integration

package trial_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/e2e/lab/linux"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
)

func TestMain(m *testing.M) {
	if os.Getenv("OSIRIS_LAB_LINUX") != "" {
		os.Exit(m.Run()) // a machine elsewhere: see lab_test.go
	}
	os.Exit(linux.Main(m.Run))
}

var loaded = sync.OnceValues(runbook.Load)

func catalogue(t *testing.T) *runbook.Catalogue {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// debian is the host, as its root has it at hand.
type debian interface {
	Run(ctx context.Context, script string) (string, error)
}

// site is an appliance's road, executor and store beside one host.
type site struct {
	t        *testing.T
	debian   debian
	target   script.Target
	keys     *ssh.KnownHosts
	road     *ssh.Road
	stale    *stale
	executor *script.Executor
	settings func(check.ID) check.Parameters
	events   []*drift.Event
	// wrap stands before the road, if it is set.
	wrap func(*ssh.Road) script.ShellCommands
	// credentials are what the target's names stand for.
	credentials map[string]ssh.Credential
}

func (s *site) List(context.Context) ([]script.Target, error) {
	return []script.Target{s.target}, nil
}
func (s *site) TierOf(host.Host, int64) trustlite.Tier { return trustlite.Tier_TIER_SELF_HEAL }

func (s *site) Parameters(id check.ID) check.Parameters {
	if s.settings == nil {
		return nil
	}
	return s.settings(id)
}

func (s *site) Observe(_ context.Context, _ *host.Host, e *drift.Event) error {
	s.events = append(s.events, e)
	return nil
}

func (s *site) SSH(_ context.Context, name, _ string) (ssh.Credential, string, error) {
	c, ok := s.credentials[name]
	if !ok {
		return c, "", errors.New("there is no such credential")
	}
	return c, "1", nil
}

// newSite boots a host.
func newSite(t *testing.T) *site {
	t.Helper()
	debian, err := linux.Open(t.Context())
	if errors.Is(err, linux.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := debian.Close(); err != nil {
			t.Error(err)
		}
	})
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := gossh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	authorized, err := gossh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, debian: debian, target: script.Target{ID: "t_debian", Kind: script.Linux, Host: debian.Address, Lab: true}}
	s.arrange(pem.EncodeToMemory(block))
	s.run("mkdir -p /home/keeper/.ssh\nprintf %s '" + string(gossh.MarshalAuthorizedKey(authorized)) + "' >/home/keeper/.ssh/authorized_keys\nchown -R keeper: /home/keeper/.ssh\nchmod -R go= /home/keeper/.ssh")
	return s
}

// arrange gives the site its road, and the executor over it.
func (s *site) arrange(key []byte) {
	t := s.t
	t.Helper()
	s.credentials = map[string]ssh.Credential{
		linux.Keeper:  {User: linux.Keeper, Key: key, Sudo: ssh.SudoFree},
		linux.Clerk:   {User: linux.Clerk, Password: linux.Password, Sudo: ssh.SudoPassword},
		linux.Visitor: {User: linux.Visitor, Password: linux.Password, Sudo: ssh.SudoPassword},
		"unasked":     {User: linux.Clerk, Password: linux.Password, Sudo: ssh.SudoFree},
		"wrong":       {User: linux.Clerk, Password: "wrong"},
	}
	s.keys = ssh.NewKnownHosts(filepath.Join(t.TempDir(), "known_hosts"))
	// A reload takes sshd away for a moment.
	s.road = ssh.New(ssh.Config{Retries: 4, RetryDelay: 200 * time.Millisecond}, s.keys, slog.New(slog.DiscardHandler))
	t.Cleanup(s.road.Close)
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), host.Schema, script.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	hosts, err := host.New(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	commands := script.ShellCommands(s.road)
	if s.wrap != nil {
		commands = s.wrap(s.road)
	}
	s.stale = &stale{Road: script.Roads{"linux": script.NewSSH(commands, s)}}
	s.executor = script.New(script.Deps{
		Store: st, Catalogue: catalogue(t), Road: s.stale, Targets: s, Hosts: hosts, Policy: s, Intake: s,
		Turns: script.NewTurns(), Log: slog.New(slog.DiscardHandler),
	})
}

// run runs a script as the host's root, not over SSH.
func (s *site) run(text string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Minute)
	defer cancel()
	out, err := s.debian.Run(ctx, text)
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// execute runs a runbook as the credential's user.
func (s *site) execute(book *runbook.Runbook, credential string) *drift.Result {
	s.t.Helper()
	s.target.Credential = credential
	job := script.Job{Target: s.target, Runbook: book}
	_, _ = rand.Read(job.CommandID[:])
	ctx, cancel := context.WithTimeout(s.t.Context(), 3*time.Minute)
	defer cancel()
	r, err := s.executor.Execute(ctx, job)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// stale is a road on which a check is seen as it was before, once something was
// changed: verify then fails whatever remediate did.
type stale struct {
	script.Road
	on      bool
	changed bool
	before  *runbook.Reply
}

// Run implements script.Road.
func (s *stale) Run(ctx context.Context, t script.Target, d *runbook.Document, idempotent bool) (*runbook.Reply, error) {
	phase := runbook.Kind(d.Parts[0].Name)
	facts := phase != runbook.Snapshot && phase != runbook.Remediate && phase != runbook.Rollback
	if s.on && s.changed && facts {
		return s.before, nil
	}
	reply, err := s.Road.Run(ctx, t, d, idempotent)
	if facts {
		s.before = reply
	}
	s.changed = s.changed || phase == runbook.Remediate
	return reply, err
}
