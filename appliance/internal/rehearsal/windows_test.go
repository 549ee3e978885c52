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
	"strconv"
	"strings"
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

// upset makes a host what a runbook is for, and gives what brings it back.
func (b *bench) upset(t *testing.T, s windows.Subject, how windows.Break) (restore func()) {
	t.Helper()
	if s.Lab == nil {
		line := "powershell.exe -NoProfile -NonInteractive -Command -"
		c, _, err := b.WinRM(t.Context(), s.Name, "")
		if err != nil {
			t.Fatal(err)
		}
		at := b.target(s)
		out, err := b.road.Run(t.Context(), winrm.Endpoint{
			Host: at.Host, Port: at.Port, Name: at.Name, HTTP: at.HTTP, CAs: at.CAs, Pin: at.Pin,
		}, c, winrm.Command{Line: line, Stdin: []byte("$ErrorActionPreference = 'Stop'\r\n" + how.PowerShell + "\r\n\r\n")})
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

// TestEveryFactsScriptAnswersOnEveryHost scans all hosts for everything. On hosts of
// tools/winlab, which are in good order, nothing fails; on others the verdicts are
// shown for a person to compare. What is unknown has to be looked into on both.
func TestEveryFactsScriptAnswersOnEveryHost(t *testing.T) {
	b := newBench(t)
	ids := b.books.Texts().Checks("windows")
	d, err := b.books.Scan("windows", ids...)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range b.subjects {
		t.Run(s.Name, func(t *testing.T) {
			reply, err := b.scripts.Run(t.Context(), b.target(s), d, true)
			if err != nil {
				t.Fatal(err)
			}
			if err := windows.Capture(s.Name, "facts", reply); err != nil {
				t.Error(err)
			}
			for _, v := range script.Judge(reply, ids, b.Parameters) {
				t.Logf("%s %s: %s %s", v.Check, v.Status, v.Actual, v.Reason)
				if v.Status == check.Unknown || v.Status == check.Fail && s.Lab != nil {
					t.Errorf("%s is %s: %s", v.Check, v.Status, v.Reason)
				}
			}
		})
	}
}

// TestEveryRunbookFindsMendsAndPutsBack breaks a host for each runbook: it is found,
// mended and put back because verify is made to fail, and then mended for good.
func TestEveryRunbookFindsMendsAndPutsBack(t *testing.T) {
	b := newBench(t)
	for _, how := range windows.Breaks {
		t.Run(how.Runbook, func(t *testing.T) {
			book, err := b.books.Get(how.Runbook)
			if err != nil {
				t.Fatal(err)
			}
			s, ok := b.subject(how)
			switch {
			case !ok:
				t.Skipf("no host that may be changed is a %q, domain %t", how.Role, !how.Alone)
			case s.Lab == nil && how.Not != "":
				t.Skipf("not on a real host: %s", how.Not)
			}
			b.try(t, s, book, how)
		})
	}
}

func (b *bench) try(t *testing.T, s windows.Subject, book *runbook.Runbook, how windows.Break) {
	if r := b.execute(t, s, book, false); r.Outcome != drift.NotNeeded {
		t.Fatalf("%s is not in good order: %s: %s", s.Name, r.Outcome, r.Message)
	}
	restore := b.upset(t, s, how)
	defer restore()
	if book.AlertOnly {
		if r := b.execute(t, s, book, false); r.Outcome != drift.Refused || r.Before == nil || r.Before.Status != check.Fail || !strings.Contains(r.Message, book.Advice) {
			t.Errorf("broken: %s: %s", r.Outcome, r.Message)
		}
		return
	}
	found := b.execute(t, s, book, true)
	if found.Outcome != drift.DryRun || found.Before.Status != check.Fail {
		t.Fatalf("a dry run of what is broken: %s: %s", found.Outcome, found.Message)
	}
	// Without a way back only the repair for good is tried.
	if book.Roads.WinRM.Rollback != nil {
		b.scripts.on = true
		r := b.execute(t, s, book, false)
		b.scripts.on, b.scripts.repaired = false, false
		if r.Outcome != drift.RolledBack {
			t.Fatalf("when verify fails: %s: %s", r.Outcome, r.Message)
		}
		// What a rollback does not bring back, such as a stopped service, the
		// runbook says, and then it may pass.
		after := b.execute(t, s, book, true)
		t.Logf("after the rollback: %s: %s", after.Before.Status, after.Before.Reason)
		if after.Before.Status == check.Pass && !partial[book.ID] {
			t.Errorf("the rollback left what was mended: %s", after.Message)
		}
		if after.Before.Status == check.Pass {
			restore()
			b.upset(t, s, how)
		}
	}
	r := b.execute(t, s, book, false)
	if r.Outcome != drift.Healed || r.After == nil || r.After.Status != check.Pass {
		t.Errorf("mending: %s: %s", r.Outcome, r.Message)
	}
	if again := b.execute(t, s, book, false); again.Outcome != drift.NotNeeded {
		t.Errorf("mending what is mended: %s: %s", again.Outcome, again.Message)
	}
}

// partial are runbooks whose rollback leaves some of what was wrong mended: nobody
// makes a clock wrong again.
var partial = map[string]bool{"windows.time.resync": true}

// TestTheCaptureOfAReplyIsJudgedAlike is the way from a real host's reply to a
// fixture and back.
func TestTheCaptureOfAReplyIsJudgedAlike(t *testing.T) {
	b := newBench(t)
	folder := t.TempDir()
	t.Setenv(windows.CaptureVariable, folder)
	s := b.subjects[0]
	ids := b.books.Texts().Checks("windows")
	d, err := b.books.Scan("windows", ids...)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := b.scripts.Run(t.Context(), b.target(s), d, true)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		if err := windows.Capture(s.Name, strconv.Itoa(n), reply); err != nil {
			t.Fatal(err)
		}
	}
	if err := windows.Capture(s.Name, "0", reply); err == nil {
		t.Error("a capture writes over another")
	}
	again, err := windows.ReadCapture(filepath.Join(folder, s.Name+"-0.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range script.Judge(reply, ids, b.Parameters) {
		if v.Check == check.TimeSync {
			continue // when it was asked is not in the reply
		}
		if w := script.Judge(again, ids, b.Parameters)[i]; w.Status != v.Status || w.Reason != v.Reason {
			t.Errorf("%s = %s: %s; the capture = %s: %s", v.Check, v.Status, v.Reason, w.Status, w.Reason)
		}
	}
}
