//go:build linux

package action_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/agent/internal/action"
	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/check"
)

// blind can read nothing.
type blind struct{}

func (blind) Read(context.Context, check.ID) check.Facts {
	return check.Facts{{Name: check.FactError, Value: "permission denied"}}
}

// TestWhatIsUnknownIsNotRemediated holds the agent to D17: unknown acts on nothing,
// though the file would be changed by the runbook if it ran.
func TestWhatIsUnknownIsNotRemediated(t *testing.T) {
	h := newHost(t)
	h.close()
	h.reader = blind{}
	touched := ""
	a := action.List()
	a[0].Fix = override{Fix: a[0].Fix, apply: func(context.Context, *action.Host) (string, error) {
		touched += "apply "
		return "", nil
	}, revert: func(context.Context, *action.Host, []byte) error {
		touched += "revert "
		return nil
	}}
	h.open(a)
	if v := check.Judge(check.SysctlHardening, blind{}.Read(t.Context(), ""), h.policy.Parameters(check.SysctlHardening)); v.Status != check.Unknown {
		t.Fatalf("of a blind reader the check is %v; want unknown", v.Status)
	}
	h.submit(h.seal(h.command()))
	h.drain(1)
	if r := h.only(); r.Outcome != refused || phases(r) != "detect! " || !strings.Contains(r.Message, "could not tell") {
		t.Errorf("the result is %v; want refused after detect, because the check could not tell", r)
	}
	if touched != "" || h.content("60-osiris.conf") != drifted {
		t.Errorf("the host was changed: %s%q", touched, h.content("60-osiris.conf"))
	}
}

// TestAResumedCommandObeysTodaysPolicy ends the agent before anything was changed
// and takes the permission away before it starts again.
func TestAResumedCommandObeysTodaysPolicy(t *testing.T) {
	for name, forbid := range map[string]func(a *fakeappliance.Authority){
		"a lower tier": func(a *fakeappliance.Authority) {
			a.ChangePolicy(func(p *trustv1.Policy) { p.Tier = trustv1.Tier_TIER_MONITOR_ONLY })
		},
		"a lower ceiling": func(a *fakeappliance.Authority) {
			a.ChangePolicy(func(p *trustv1.Policy) { p.Ceiling = trustv1.Tier_TIER_MONITOR_ONLY })
		},
		"an expired policy": func(a *fakeappliance.Authority) {
			a.ChangePolicy(func(p *trustv1.Policy) { p.ExpiresMs = time.Now().Add(-time.Minute).UnixMilli() })
		},
		"a revoked agent": func(a *fakeappliance.Authority) {
			a.ChangeDoc(func(d *trustv1.TrustDoc) { d.RevokedAgents = []string{fakeappliance.AgentID} })
		},
	} {
		for _, point := range []string{"accepted", "detect", "detect done", "snapshot", "snapshot done"} {
			t.Run(name+" after "+point, func(t *testing.T) {
				h := newHost(t)
				c := h.command()
				h.submit(h.seal(c))
				if point != "accepted" { // else the agent ends before it runs
					h.crashAt(t, point)
				}
				if n := len(h.results()); n != 0 {
					t.Fatalf("%d results before the restart", n)
				}
				h.close()
				forbid(h.authority)
				h.apply()
				h.open(action.List())
				h.drain(1)
				r := h.only()
				if r.Outcome != refused || !r.Resumed || len(r.Phases) != 0 || !strings.Contains(r.Message, "does not allow changes") {
					t.Errorf("the result is %v; want refused by today's policy", r)
				}
				if string(r.CommandId) != string(c.CommandId) || h.content("60-osiris.conf") != drifted {
					t.Errorf("of command %x: the file is %q", r.CommandId, h.content("60-osiris.conf"))
				}
			})
		}
	}
}

// jam lets the disk take nothing: neither results nor the journal.
func (h *host) jam() {
	h.t.Helper()
	h.sql(`CREATE TABLE ballast (b BLOB);
		CREATE TRIGGER jam_queue BEFORE UPDATE ON queue_state BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END;
		CREATE TRIGGER jam_journal BEFORE INSERT ON command BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END;
		PRAGMA max_page_count=1`)
}

func (h *host) unjam() {
	h.t.Helper()
	h.sql("PRAGMA max_page_count=100000; DROP TRIGGER jam_queue; DROP TRIGGER jam_journal; DROP TABLE ballast")
}

func (h *host) sql(text string) {
	h.t.Helper()
	if err := h.queue.DB().Exec(text); err != nil {
		h.t.Fatal(err)
	}
}

// TestAResultWaitsForRoomOnTheDisk fills the disk at different moments of a
// command's life. The session stays, nothing is counted as lost, and the result
// comes once when there is room.
func TestAResultWaitsForRoomOnTheDisk(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(h *host)
		outcome compliancev1.Outcome
		says    string
	}{
		"after the heal": {func(h *host) {
			h.runner.OnBoundary(func(point string) {
				if point == "verify done" {
					h.jam()
				}
			})
		}, healed, "hardened"},
		"before the command": {(*host).jam, refused, "journal cannot be written"},
		"before a refusal": {func(h *host) {
			h.authority.ChangePolicy(func(p *trustv1.Policy) { p.Tier = trustv1.Tier_TIER_MONITOR_ONLY })
			h.apply()
			h.jam()
		}, refused, "does not allow changes"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHost(t)
				c.prepare(h)
				command := h.command()
				h.submit(h.seal(command)) // an error would end the session
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- h.runner.Run(ctx) }()
				time.Sleep(time.Minute)
				synctest.Wait()
				if n := len(h.results()); n != 0 || !h.queue.Settle() {
					t.Errorf("%d results on a full disk, full %t", n, h.queue.Settle())
				}
				h.unjam()
				time.Sleep(time.Minute)
				synctest.Wait()
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
				r := h.only()
				if r.Outcome != c.outcome || !strings.Contains(r.Message, c.says) || string(r.CommandId) != string(command.CommandId) {
					t.Errorf("the result is %v; want %v saying %q", r, c.outcome, c.says)
				}
				if (h.content("60-osiris.conf") == drifted) == (c.outcome == healed) {
					t.Errorf("the file is %q", h.content("60-osiris.conf"))
				}
				if st, err := h.queue.Stats(); err != nil || st.Dropped != 0 || st.Pending != 0 || h.queue.Settle() {
					t.Errorf("%+v, %v: a result that waited was counted as lost", st, err)
				}
				// The same command again is answered from the journal, not run.
				h.submit(h.seal(command))
				if n := len(h.results()); n != 1 {
					t.Errorf("%d results after the same command came again", n)
				}
			})
		})
	}
}
