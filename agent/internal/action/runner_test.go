//go:build linux

// The runbook that is run here heals a Linux; windows_test.go has those of Windows,
// macfirewall_test.go that of a Mac.

package action_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/action"
	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/signed"
)

func TestADriftIsHealed(t *testing.T) {
	h := newHost(t)
	c := h.command()
	h.submit(h.seal(c))
	h.drain(1)
	r := h.only()
	if r.Outcome != healed || phases(r) != "detect snapshot remediate verify " || r.Resumed {
		t.Errorf("the result is %v", r)
	}
	if r.Before.Status != compliancev1.Status_STATUS_FAIL || r.After.Status != compliancev1.Status_STATUS_PASS {
		t.Errorf("before %v, after %v", r.Before.Status, r.After.Status)
	}
	if string(r.CommandId) != string(c.CommandId) || r.RunbookId != c.RunbookId || r.IncidentId != "i_1" || r.CheckId != "sysctl_hardening" {
		t.Errorf("the result is not about the command: %v", r)
	}
	if !strings.Contains(h.content("60-osiris.conf"), "kernel.kptr_restrict = 1\n") {
		t.Errorf("the file is %q", h.content("60-osiris.conf"))
	}
}

func TestAHostWithoutTheFolderIsHealed(t *testing.T) {
	h := newHost(t)
	if err := os.RemoveAll(h.path("..")); err != nil {
		t.Fatal(err)
	}
	h.submit(h.seal(h.command()))
	h.drain(1)
	if r := h.only(); r.Outcome != healed {
		t.Errorf("the result is %v", r)
	}
}

func TestNothingIsDoneWhenTheCheckPasses(t *testing.T) {
	h := newHost(t)
	h.submit(h.seal(h.command()))
	h.drain(1)
	before := h.content("60-osiris.conf")
	h.submit(h.seal(h.command()))
	h.drain(1)
	if r := h.results()[1]; r.Outcome != notNeeded || phases(r) != "detect " {
		t.Errorf("the result is %v", r)
	}
	if h.content("60-osiris.conf") != before {
		t.Error("the file was written")
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	h := newHost(t)
	c := h.command()
	c.DryRun = true
	h.submit(h.seal(c))
	h.drain(1)
	if r := h.only(); r.Outcome != dryRun || !strings.Contains(r.Message, "60-osiris.conf") {
		t.Errorf("the result is %v", r)
	}
	if h.content("60-osiris.conf") != drifted {
		t.Error("the file was written")
	}
}

func TestWhatDoesNotVerifyIsRestoredExactly(t *testing.T) {
	for name, before := range map[string]string{"with a file before": drifted, "without a file before": "-", "with an empty file before": ""} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			if before == "-" {
				if err := os.Remove(h.path("60-osiris.conf")); err != nil {
					t.Fatal(err)
				}
			} else {
				h.configure("60-osiris.conf", before)
			}
			h.configure("99-local.conf", "kernel.dmesg_restrict = 0\n")
			h.submit(h.seal(h.command()))
			h.drain(1)
			r := h.only()
			if r.Outcome != rolledBack || phases(r) != "detect snapshot remediate verify! rollback " {
				t.Errorf("the result is %v", r)
			}
			if !strings.Contains(r.Message, "/etc/sysctl.d/99-local.conf") {
				t.Errorf("the message %q does not name the file", r.Message)
			}
			if got := h.content("60-osiris.conf"); got != before {
				t.Errorf("the file is %q; want %q", got, before)
			}
			if before == "-" {
				return
			}
			if info, err := os.Stat(h.path("60-osiris.conf")); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("the mode is %v (%v); want 0640", info.Mode(), err)
			}
		})
	}
}

func TestAFolderThatWasMadeGoesAgain(t *testing.T) {
	h := newHost(t)
	if err := os.RemoveAll(h.path("..")); err != nil {
		t.Fatal(err)
	}
	a := action.List()
	apply := a[0].Fix.Apply
	a[0].Fix = override{Fix: a[0].Fix, apply: func(ctx context.Context, host *action.Host) (string, error) {
		_, err := apply(ctx, host)
		return "", errors.Join(err, os.WriteFile(h.root+"/etc/sysctl.conf", []byte("kernel.kptr_restrict = 0\n"), 0o600))
	}}
	h.close()
	h.open(a)
	h.submit(h.seal(h.command()))
	h.drain(1)
	if r := h.only(); r.Outcome != rolledBack {
		t.Errorf("the result is %v", r)
	}
	if _, err := os.Stat(h.path("..")); err == nil {
		if entries, err := os.ReadDir(h.root + "/etc/sysctl.d"); err == nil {
			t.Errorf("the folder is still there with %v", entries)
		}
	}
}

func TestALinkIsNotFollowed(t *testing.T) {
	h := newHost(t)
	target := h.root + "/victim"
	if err := os.WriteFile(target, []byte("keep"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(h.path("60-osiris.conf")), os.Symlink(target, h.path("60-osiris.conf"))); err != nil {
		t.Fatal(err)
	}
	h.submit(h.seal(h.command()))
	h.drain(1)
	if r := h.only(); r.Outcome != failed || phases(r) != "detect snapshot! " {
		t.Errorf("the result is %v", r)
	}
	if b, err := os.ReadFile(target); err != nil || string(b) != "keep" {
		t.Errorf("the link's target is %q (%v)", b, err)
	}
}

func TestAnErrorWhileRemediatingIsRolledBack(t *testing.T) {
	h := newHost(t)
	a := action.List()
	a[0].Fix = override{Fix: a[0].Fix, apply: func(context.Context, *action.Host) (string, error) {
		h.configure("60-osiris.conf", "half")
		return "", errors.New("the disk broke")
	}}
	h.close()
	h.open(a)
	h.submit(h.seal(h.command()))
	h.drain(1)
	if r := h.only(); r.Outcome != rolledBack || phases(r) != "detect snapshot remediate! verify! rollback " {
		t.Errorf("the result is %v", r)
	}
	if h.content("60-osiris.conf") != drifted {
		t.Errorf("the file is %q", h.content("60-osiris.conf"))
	}
}

func TestARollbackThatFailsIsSaid(t *testing.T) {
	h := newHost(t)
	a := action.List()
	a[0].Fix = override{Fix: a[0].Fix, revert: func(context.Context, *action.Host, []byte) error { return errors.New("no room") }}
	h.configure("99-local.conf", "kernel.dmesg_restrict = 0\n")
	h.close()
	h.open(a)
	h.submit(h.seal(h.command()))
	h.drain(1)
	if r := h.only(); r.Outcome != failed || !strings.Contains(r.Message, "no room") {
		t.Errorf("the result is %v", r)
	}
}

func TestARunbookThatTakesTooLongIsRolledBack(t *testing.T) {
	h := newHost(t)
	a := action.List()
	a[0].Fix = override{Fix: a[0].Fix, apply: func(ctx context.Context, _ *action.Host) (string, error) {
		h.configure("60-osiris.conf", "half")
		<-ctx.Done()
		return "", ctx.Err()
	}}
	h.close()
	h.open(a)
	c := h.command()
	c.TimeoutMs = 20
	h.submit(h.seal(c))
	h.drain(1)
	if r := h.only(); r.Outcome != rolledBack {
		t.Errorf("the result is %v", r)
	}
	if h.content("60-osiris.conf") != drifted {
		t.Errorf("the file is %q", h.content("60-osiris.conf"))
	}
}

// TestRefusals has every reason for which a command does not run. Nothing may be
// changed, and the appliance gets an answer.
func TestRefusals(t *testing.T) {
	other, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(h *host, c *trustv1.Command) []byte // the envelope to send; nil means a good seal
		reason string
	}{
		{"for another agent", func(_ *host, c *trustv1.Command) []byte { c.AgentId = "ag_other"; return nil }, "another agent"},
		{"for another session", func(_ *host, c *trustv1.Command) []byte { c.SessionNonce = fakeappliance.Random(16); return nil }, "another session"},
		{"an unknown runbook", func(_ *host, c *trustv1.Command) []byte { c.RunbookId = "win.firewall.enable"; return nil }, "does not have the runbook"},
		{"a runbook that does not fit the check", func(_ *host, c *trustv1.Command) []byte { c.CheckId = "disk_space"; return nil }, "does not heal"},
		{"parameters it does not take", func(_ *host, c *trustv1.Command) []byte {
			c.Parameters = []*trustv1.Parameter{{Name: "path", Value: "/etc/shadow"}}
			return nil
		}, "no parameters"},
		{"signed by another key", func(h *host, c *trustv1.Command) []byte {
			return encode(h.t, fakeappliance.Seal(other, signed.Command, c))
		}, "another key"},
		{"signed by Central's online key", func(h *host, c *trustv1.Command) []byte {
			return encode(h.t, fakeappliance.Seal(h.authority.Online, signed.Command, c))
		}, "another key"},
		{"signed in another context", func(h *host, c *trustv1.Command) []byte {
			return encode(h.t, fakeappliance.Seal(h.authority.CommandKey, signed.Bundle, c))
		}, "does not verify"},
		{"changed after it was signed", func(h *host, c *trustv1.Command) []byte {
			e := fakeappliance.Seal(h.authority.CommandKey, signed.Command, c)
			e.Payload[len(e.Payload)-1] ^= 1
			return encode(h.t, e)
		}, "does not verify"},
		{"by a retired appliance", func(h *host, _ *trustv1.Command) []byte {
			h.authority.ChangeDoc(func(d *trustv1.TrustDoc) { d.Appliances[0].Retired = true })
			h.apply()
			return nil
		}, "another key"},
		{"tier too low", func(h *host, _ *trustv1.Command) []byte {
			h.authority.ChangePolicy(func(p *trustv1.Policy) { p.Tier = trustv1.Tier_TIER_MONITOR_ONLY })
			h.apply()
			return nil
		}, "does not allow changes"},
		{"ceiling too low", func(h *host, _ *trustv1.Command) []byte {
			h.authority.ChangePolicy(func(p *trustv1.Policy) { p.Ceiling = trustv1.Tier_TIER_MONITOR_ONLY })
			h.apply()
			return nil
		}, "does not allow changes"},
		{"this host's tier is lower", func(h *host, _ *trustv1.Command) []byte {
			h.authority.ChangePolicy(func(p *trustv1.Policy) {
				p.HostTiers = []*trustv1.HostTier{{AgentId: fakeappliance.AgentID}}
			})
			h.apply()
			return nil
		}, "does not allow changes"},
		{"the policy has expired", func(h *host, _ *trustv1.Command) []byte {
			h.authority.ChangePolicy(func(p *trustv1.Policy) { p.ExpiresMs = time.Now().Add(-time.Minute).UnixMilli() })
			h.apply()
			return nil
		}, "does not allow changes"},
		{"the trust document has expired", func(h *host, _ *trustv1.Command) []byte {
			h.authority.ChangeDoc(func(d *trustv1.TrustDoc) { d.ExpiresMs = time.Now().Add(-time.Minute).UnixMilli() })
			h.apply()
			return nil
		}, "does not allow changes"},
		{"the agent is revoked", func(h *host, _ *trustv1.Command) []byte {
			h.authority.ChangeDoc(func(d *trustv1.TrustDoc) { d.RevokedAgents = []string{fakeappliance.AgentID} })
			h.apply()
			return nil
		}, "does not allow changes"},
		{"the clock is in doubt", func(h *host, _ *trustv1.Command) []byte { h.session.ClockSuspect = true; return nil }, "clock is in doubt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHost(t)
			command := h.command()
			envelope := c.change(h, command)
			if envelope == nil {
				envelope = h.seal(command)
			}
			h.submit(envelope)
			h.drain(0)
			r := h.only()
			if r.Outcome != refused || !strings.Contains(r.Message, c.reason) || len(r.Phases) != 0 {
				t.Errorf("the result is %v; want refused because %q", r, c.reason)
			}
			if string(r.CommandId) != string(command.CommandId) && c.name != "changed after it was signed" {
				t.Errorf("the answer is about %x; want %x", r.CommandId, command.CommandId)
			}
			if h.content("60-osiris.conf") != drifted {
				t.Error("something was changed")
			}
		})
	}
}

func TestACommandThatIsDisbelievedDoesNotBlockTheTrueOne(t *testing.T) {
	h := newHost(t)
	c := h.command()
	forged := encode(t, fakeappliance.Seal(h.authority.Online, signed.Command, c))
	h.submit(forged)
	h.submit(h.seal(c))
	h.drain(1)
	if r := h.results(); len(r) != 2 || r[0].Outcome != refused || r[1].Outcome != healed {
		t.Errorf("the results are %v; want refused, healed", r)
	}
}

func TestARedeliveredCommandDoesNotRunAgain(t *testing.T) {
	h := newHost(t)
	runs := 0
	a := action.List()
	apply := a[0].Fix.Apply
	a[0].Fix = override{Fix: a[0].Fix, apply: func(ctx context.Context, host *action.Host) (string, error) {
		runs++
		return apply(ctx, host)
	}}
	h.close()
	h.open(a)
	c := h.command()
	h.submit(h.seal(c))
	h.submit(h.seal(c)) // while it waits to run
	h.drain(1)
	h.configure("60-osiris.conf", drifted)
	h.submit(h.seal(c)) // while its result waits in the queue
	h.drain(0)
	if got := h.only(); got.Outcome != healed {
		t.Errorf("the result is %v", got)
	}
	// The appliance has taken the result and lost it: it asks again.
	if err := h.queue.Ack(h.queue.Next() - 1); err != nil {
		t.Fatal(err)
	}
	h.session = &action.Session{AgentID: h.session.AgentID, Nonce: [16]byte(fakeappliance.Random(16))}
	c.SessionNonce = h.session.Nonce[:]
	h.submit(h.seal(c))
	h.drain(0)
	if got := h.only(); got.Outcome != healed || string(got.CommandId) != string(c.CommandId) {
		t.Errorf("the stored result is %v", got)
	}
	if runs != 1 || h.content("60-osiris.conf") != drifted {
		t.Errorf("it ran %d times, the file is %q", runs, h.content("60-osiris.conf"))
	}
}

func TestARefusedCommandStaysRefused(t *testing.T) {
	h := newHost(t)
	h.authority.ChangePolicy(func(p *trustv1.Policy) { p.Tier = trustv1.Tier_TIER_MONITOR_ONLY })
	h.apply()
	c := h.command()
	h.submit(h.seal(c))
	h.authority.ChangePolicy(func(p *trustv1.Policy) { p.Tier = trustv1.Tier_TIER_SELF_HEAL })
	h.apply()
	h.submit(h.seal(c))
	h.drain(0)
	if r := h.only(); r.Outcome != refused {
		t.Errorf("the result is %v", r)
	}
}

func TestAFloodOfRefusedCommandsEndsTheSession(t *testing.T) {
	h := newHost(t)
	for i := 0; ; i++ {
		c := h.command()
		c.RunbookId = "nothing.we.have"
		if err := h.runner.Submit(h.session, h.seal(c)); err != nil {
			break
		}
		if i > 2*action.RefusalLimit {
			t.Fatal("the session goes on")
		}
	}
	if n := len(h.results()); n > action.RefusalLimit {
		t.Errorf("%d answers were queued; the limit is %d", n, action.RefusalLimit)
	}
}

func TestGarbageIsNotAnswered(t *testing.T) {
	h := newHost(t)
	for _, b := range [][]byte{nil, {}, {0xff}, {0x0a, 0x00}, []byte("GET / HTTP/1.1\r\n\r\n")} {
		h.submit(b)
	}
	if r := h.results(); len(r) != 0 {
		t.Errorf("the results are %v; want none", r)
	}
}

func TestARunbookIsRecheckedAfterwards(t *testing.T) {
	h := newHost(t)
	h.submit(h.seal(h.command()))
	ctx, cancel := context.WithCancel(context.Background())
	go h.runner.Run(ctx) //nolint:errcheck // ends with the test
	if id := <-h.rechecked; id != check.SysctlHardening {
		t.Errorf("re-check of %s", id)
	}
	cancel()
}
