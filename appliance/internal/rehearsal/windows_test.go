//go:build integration

package rehearsal_test

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
	"github.com/osiriscare/osiris/e2e/lab/windows"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

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

// TestAnInventoryLeadsToItsHosts reaches hosts of tools/winlab as somebody's own are:
// by a file, over TLS with an authority and with a pin, and sealed without TLS.
func TestAnInventoryLeadsToItsHosts(t *testing.T) {
	books, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	p, err := practice.New(practice.Config{Hosts: 4, Healthy: true, PlainPort: true, Catalogue: books, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	in, folder := p.Inventory(), t.TempDir()
	text := "hosts:\n"
	for i, more := range []string{"ca_file: ca.pem", "pin: " + pin(t, in.Hosts[1].HTTPS), "http: true", "pin: " + strings.Repeat("ab", 32)} {
		h := in.Hosts[i]
		address := h.HTTPS
		if more == "http: true" {
			address = h.HTTP
		}
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("  - {name: %s, host: %s, port: %s, tls_name: %s, method: ntlm, user: '%s', secret_file: secret, kind: %s, domain: %s, %s}\n",
			h.Name, host, port, h.FQDN, in.User, h.Role, in.DNSDomain, more)
	}
	for name, content := range map[string]string{"inventory.yaml": text, "secret": in.Password + "\n", "ca.pem": in.CA} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(windows.InventoryVariable, filepath.Join(folder, "inventory.yaml"))
	b := newBench(t)
	d, err := b.books.Scan("windows", check.Firewall)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range b.subjects {
		reply, err := b.scripts.Run(t.Context(), b.target(s), d, true)
		if i == 3 { // whose pin is another's
			if !errors.Is(err, winrm.ErrUntrusted) {
				t.Errorf("%s = %v; want it not to be trusted", s.Name, err)
			}
			continue
		}
		if err != nil || reply.Hostname != s.Name || s.Lab != nil || s.MayChange {
			t.Errorf("%s = %+v, %v", s.Name, reply, err)
		}
	}
	if _, ok := b.subject(windows.Break{}); ok {
		t.Error("a host may be changed that the file does not say so of")
	}
}

// pin is that of the certificate that an address shows.
func pin(t *testing.T, address string) string {
	t.Helper()
	d := tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}} //nolint:gosec // only looks
	c, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // nothing was said on it
	sum := sha256.Sum256(c.(*tls.Conn).ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}

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
