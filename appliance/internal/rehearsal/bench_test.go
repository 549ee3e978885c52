//go:build integration

package rehearsal_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/e2e/lab/windows"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
)

// bench is an appliance's road and executor beside the hosts of package windows.
type bench struct {
	t        *testing.T
	books    *runbook.Catalogue
	subjects []windows.Subject
	road     *winrm.Road
	scripts  *forgetful
	executor *script.Executor
}

func newBench(t *testing.T) *bench {
	t.Helper()
	books, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	b := &bench{t: t, books: books, subjects: windows.Open(t, books)}
	b.road = winrm.New(winrm.Config{KDCs: script.LookupKDCs, Retries: -1}, log)
	t.Cleanup(b.road.Close)
	w, err := script.NewWinRM(b.road, b, books)
	if err != nil {
		t.Fatal(err)
	}
	b.scripts = &forgetful{Road: script.Roads{"windows": w}}
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), host.Schema, script.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	hosts, err := host.New(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	b.executor = script.New(script.Deps{
		Store: st, Catalogue: books, Road: b.scripts, Targets: b, Hosts: hosts, Policy: b, Intake: b, Turns: script.NewTurns(), Log: log,
	})
	return b
}

// List implements script.Targets.
func (b *bench) List(context.Context) (out []script.Target, err error) {
	for _, s := range b.subjects {
		out = append(out, b.target(s))
	}
	return out, nil
}

// TierOf and Parameters implement script.Policy, Observe script.Intake.
func (b *bench) TierOf(host.Host, int64) trustlite.Tier                  { return trustlite.Tier_TIER_SELF_HEAL }
func (b *bench) Parameters(check.ID) check.Parameters                    { return nil }
func (b *bench) Observe(context.Context, *host.Host, *drift.Event) error { return nil }

// target of a subject; its credential goes by its name. Only what may be changed is
// the lab's.
func (b *bench) target(s windows.Subject) script.Target {
	b.t.Helper()
	t := script.Target{
		ID: "t_" + s.Name, Kind: script.Windows, Host: s.Host.Host, Port: s.Port, Name: s.TLSName, Domain: s.Domain, HTTP: s.HTTP,
		Credential: s.Name, Lab: s.MayChange,
	}
	if s.Kind == runbook.RoleWorkstation {
		t.Kind = script.Workstation
	}
	pin, err := hex.DecodeString(s.Pin)
	if err != nil {
		b.t.Fatal(err)
	}
	copy(t.Pin[:], pin)
	if s.CA != "" {
		t.CAs = x509.NewCertPool()
		if !t.CAs.AppendCertsFromPEM([]byte(s.CA)) {
			b.t.Fatalf("%s: ca_file has no certificate", s.Name)
		}
	}
	return t
}

// WinRM implements script.Credentials.
func (b *bench) WinRM(_ context.Context, name, _ string) (winrm.Credential, string, error) {
	for _, s := range b.subjects {
		if s.Name != name {
			continue
		}
		c := winrm.Credential{Method: winrm.Method(s.Method), User: s.User, Password: s.Secret}
		if s.CertificateFile != "" {
			pair, err := tls.LoadX509KeyPair(s.CertificateFile, s.KeyFile)
			if err != nil {
				return c, "", err
			}
			c.Certificate = &pair
		}
		return c, "1", nil
	}
	return winrm.Credential{}, "", errors.New("there is no such host")
}

// execute runs a runbook on a host.
func (b *bench) execute(t *testing.T, s windows.Subject, book *runbook.Runbook, dry bool) *drift.Result {
	t.Helper()
	j := script.Job{Target: b.target(s), Runbook: book, DryRun: dry}
	_, _ = rand.Read(j.CommandID[:])
	r, err := b.executor.Execute(t.Context(), j)
	for errors.Is(err, script.ErrPending) { // it restarts
		select {
		case <-time.After(time.Second):
		case <-t.Context().Done():
			t.Fatal(err)
		}
		if err := b.executor.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		r, err = b.executor.Execute(t.Context(), j)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// powerShell runs its standard input, as no program of ours does.
const powerShell = `powershell.exe -NoProfile -NonInteractive -Command "& ([ScriptBlock]::Create([Console]::In.ReadToEnd()))"`

// upset makes a host what a runbook is for, and gives what brings it back.
func (b *bench) upset(t *testing.T, s windows.Subject, how windows.Break) (restore func()) {
	t.Helper()
	if s.Lab == nil {
		c, _, err := b.WinRM(t.Context(), s.Name, "")
		if err != nil {
			t.Fatal(err)
		}
		at := b.target(s)
		out, err := b.road.Run(t.Context(), winrm.Endpoint{
			Host: at.Host, Port: at.Port, Name: at.Name, HTTP: at.HTTP, CAs: at.CAs, Pin: at.Pin,
		}, c, winrm.Command{Line: powerShell, Stdin: []byte("$ErrorActionPreference = 'Stop'\r\n" + how.PowerShell + "\r\n")})
		if err != nil || out.ExitCode != 0 {
			t.Fatalf("breaking %s: %v, exit code %d: %s", s.Name, err, out.ExitCode, out.Stderr)
		}
		return func() {}
	}
	before := map[string]any{}
	for path, value := range how.Model {
		old, ok := s.Lab.Model.Get(path)
		if !ok {
			t.Fatalf("%s has no %s", s.Name, path)
		}
		before[path] = old
		if err := s.Lab.Model.Set(path, value); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		for path, value := range before {
			if err := s.Lab.Model.Set(path, value); err != nil {
				t.Error(err)
			}
		}
	}
}

// subject finds a host that a break is for, and that may be changed.
func (b *bench) subject(how windows.Break) (windows.Subject, bool) {
	for _, s := range b.subjects {
		if s.MayChange && (how.Role == "" || how.Role == s.Kind) && (s.Domain == "") == how.Alone {
			return s, true
		}
	}
	return windows.Subject{}, false
}

// forgetful is a road that, when it is on, shows after a repair what it showed
// before, so that verify does not pass.
type forgetful struct {
	script.Road
	on       bool
	repaired bool
	first    *runbook.Reply
}

// Run implements script.Road.
func (f *forgetful) Run(ctx context.Context, t script.Target, d *runbook.Document, idempotent bool) (*runbook.Reply, error) {
	name := d.Parts[0].Name
	phase := slices.Contains([]string{string(runbook.Snapshot), string(runbook.Remediate), string(runbook.Rollback)}, name)
	f.repaired = f.repaired || name == string(runbook.Remediate)
	if f.on && !phase && f.repaired {
		return f.first, nil
	}
	reply, err := f.Road.Run(ctx, t, d, idempotent)
	if !phase {
		f.first = reply
	}
	return reply, err
}
