package action_test

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/agent/internal/action"
	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

func number(n uint8) string { return strconv.Itoa(int(n)) }

type values = map[string]string

// broken is a Windows for each runbook, and what it is afterwards.
func broken() map[string]struct {
	id            check.ID
	role          string
	before, after values
} {
	audit, audited := values{}, values{}
	for _, s := range check.AuditSettings(nil) {
		audit["a "+number(s.ID)], audited["a "+number(s.ID)] = "1", number(s.Want|1)
	}
	type row = struct {
		id            check.ID
		role          string
		before, after values
	}
	return map[string]row{
		"windows.firewall.enable": {
			check.Firewall, "0",
			values{"s MpsSvc": "4", "v MpsSvc": "1", "s BFE": "2", "v BFE": "4", profiles + `Domain"`: "1", profiles + `Private"`: "0", profiles + `Public"`: "0"},
			values{"s MpsSvc": "2", "v MpsSvc": "4", "s BFE": "2", "v BFE": "4", profiles + `Domain"`: "1", profiles + `Private"`: "1", profiles + `Public"`: "1"},
		},
		"windows.defender.enable": {
			check.Defender, "0",
			values{"s WinDefend": "2", "v WinDefend": "4", realTime: "true"},
			values{"s WinDefend": "2", "v WinDefend": "4", realTime: "false"},
		},
		"windows.spooler.disable":  {check.Spooler, "5", values{"s Spooler": "2", "v Spooler": "4"}, values{"s Spooler": "4", "v Spooler": "1"}},
		"windows.spooler.restrict": {check.Spooler, "1", values{"s Spooler": "2", "v Spooler": "4"}, values{"s Spooler": "2", "v Spooler": "4", spoolerRPC: "2"}},
		"windows.services.start": {
			check.CriticalServices, "0",
			values{"s EventLog": "2", "v EventLog": "1", "s CryptSvc": "2", "v CryptSvc": "1"},
			values{"s EventLog": "2", "v EventLog": "4", "s CryptSvc": "2", "v CryptSvc": "4"},
		},
		"windows.disk.clean":    {check.DiskSpace, "0", values{"c C: has 3": "0"}, values{"c C: has 3": "1"}},
		"windows.guest.disable": {check.GuestAccount, "0", values{"g Gast": "0"}, values{"g Gast": "1"}},
		"windows.smbv1.disable": {
			check.SMBv1, "0", values{smb1: "1", smbServer: "true", "s mrxsmb10": "4"}, values{smb1: "0", smbServer: "false", "s mrxsmb10": "4"},
		},
		"windows.audit.enable": {check.AuditPolicy, "0", audit, audited},
		"windows.time.resync": {
			check.TimeSync, "1", values{"s W32Time": "4", "v W32Time": "1"}, values{"s W32Time": "2", "v W32Time": "4"},
		},
		"windows.bitlocker.resume":  {check.BitLocker, "0", values{volumes: "0"}, values{volumes: "1"}},
		"windows.screenlock.enable": {check.ScreenLock, "0", values{}, values{inactivity: "900"}},
	}
}

// eachWindows runs f in a bubble for each runbook of Windows.
func eachWindows(t *testing.T, set func(m *model), f func(t *testing.T, h *host, m *model, c *trustv1.Command, after values)) {
	t.Helper()
	all := broken()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b := all[name]
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &model{values: maps.Clone(b.before), role: b.role}
				set(m)
				h := newWindows(t, m)
				f(t, h, m, h.order(name, b.id), b.after)
			})
		})
	}
}

func TestDefenderIsLeftAloneBesideAProductWithOldSignatures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &model{values: values{"s WinDefend": "2", "v WinDefend": "1", realTime: "true", rival: "397584"}, role: "0"}
		h := newWindows(t, m)
		h.submit(h.seal(h.order("windows.defender.enable", check.Defender)))
		h.drain(1)
		if r := h.only(); r.Outcome == healed || !strings.Contains(r.Message, "needs a person") || len(m.changes) != 0 {
			t.Errorf("the result is %v after changes %v; want none", r, m.changes)
		}
	})
}

func TestEveryRunbookOfWindowsIsCataloguedAndTested(t *testing.T) {
	c, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	var catalogued, compiled []string
	for _, r := range c.All() {
		if r.Platform == "windows" && r.Roads.Agent != nil {
			catalogued = append(catalogued, r.ID+" "+string(r.Checks[0]))
		}
	}
	for _, a := range action.WindowsActions() {
		compiled = append(compiled, a.Runbook+" "+string(a.Check))
		if len(a.Plan) < 20 || a.Tier != 1 {
			t.Errorf("%s has the plan %q and tier %v", a.Runbook, a.Plan, a.Tier)
		}
		if broken()[a.Runbook].id != a.Check {
			t.Errorf("%s has no test", a.Runbook)
		}
	}
	slices.Sort(compiled)
	if diff := cmp.Diff(catalogued, compiled); diff != "" {
		t.Errorf("catalogue (-) and agent (+) differ:\n%s", diff)
	}
}

func TestWindowsIsHealedOnce(t *testing.T) {
	eachWindows(t, func(*model) {}, func(t *testing.T, h *host, m *model, c *trustv1.Command, after values) {
		h.submit(h.seal(c))
		h.drain(1)
		r := h.only()
		if r.Outcome != healed || phases(r) != "detect snapshot remediate verify " {
			t.Errorf("the result is %v", r)
		}
		if diff := cmp.Diff(after, m.values); diff != "" {
			t.Errorf("Windows differs (-want +got):\n%s", diff)
		}
		changes := len(m.changes)
		h.submit(h.seal(h.order(c.RunbookId, check.ID(c.CheckId))))
		h.drain(1)
		if r := h.results()[1]; r.Outcome != notNeeded || len(m.changes) != changes {
			t.Errorf("the second result is %v after %v", r, m.changes[changes:])
		}
	})
}

func TestADryRunOfWindowsChangesNothing(t *testing.T) {
	eachWindows(t, func(*model) {}, func(t *testing.T, h *host, m *model, c *trustv1.Command, _ values) {
		c.DryRun = true
		h.submit(h.seal(c))
		h.drain(1)
		if r := h.only(); r.Outcome != dryRun || len(m.changes) != 0 {
			t.Errorf("the result is %v after %v", r, m.changes)
		}
	})
}

// requireRestored wants the former state, which a clean-up cannot give.
func requireRestored(t *testing.T, h *host, m *model, r *compliancev1.CommandResult) {
	t.Helper()
	if r.RunbookId == "windows.disk.clean" {
		if r.Outcome != failed || !strings.Contains(r.Message, "stay deleted") {
			t.Errorf("the result is %v; want it said that files stay deleted", r)
		}
		return
	}
	if r.Outcome != rolledBack {
		t.Errorf("the result is %v", r)
	}
	if diff := cmp.Diff(m.frozen, m.values); diff != "" {
		t.Errorf("Windows is not restored (-want +got):\n%s", diff)
	}
}

func TestWindowsThatDoesNotVerifyIsRestored(t *testing.T) {
	eachWindows(t, func(m *model) { m.ignores = true }, func(t *testing.T, h *host, m *model, c *trustv1.Command, _ values) {
		h.submit(h.seal(c))
		h.drain(1)
		requireRestored(t, h, m, h.only())
	})
}

func TestWindowsThatRefusesChangesIsRestored(t *testing.T) {
	eachWindows(t, func(m *model) {
		m.before = func(int) error { return errors.New("access is denied") }
	}, func(t *testing.T, h *host, m *model, c *trustv1.Command, _ values) {
		h.submit(h.seal(c))
		h.drain(1)
		r := h.only()
		if r.Outcome != failed || !strings.HasPrefix(phases(r), "detect snapshot remediate! verify! rollback!") || !strings.Contains(r.Message, "denied") {
			t.Errorf("the result is %v; want both refusals told", r)
		}
		if diff := cmp.Diff(m.frozen, m.values); diff != "" {
			t.Errorf("Windows differs (-want +got):\n%s", diff)
		}
	})
}

// TestACrashInTheMiddleOfWindows ends the agent after one change, and starts it
// again: nothing is begun twice.
func TestACrashInTheMiddleOfWindows(t *testing.T) {
	eachWindows(t, func(*model) {}, func(t *testing.T, h *host, m *model, c *trustv1.Command, after values) {
		h.submit(h.seal(c))
		m.before = func(n int) error {
			if n > 0 {
				return errors.New("the agent is gone")
			}
			return nil
		}
		h.crashAt(t, "remediate done")
		m.before = nil
		h.close()
		h.open(action.WindowsActions())
		changes := len(m.changes)
		h.drain(1)
		r := h.only()
		if !r.Resumed {
			t.Errorf("the result is %v; want it resumed", r)
		}
		if r.Outcome == healed {
			if diff := cmp.Diff(after, m.values); diff != "" || len(m.changes) != changes {
				t.Errorf("after %v Windows differs (-want +got):\n%s", m.changes[changes:], diff)
			}
			return
		}
		requireRestored(t, h, m, r)
	})
}

func TestWhatPolicySetsIsAConflict(t *testing.T) {
	for _, owner := range []string{"gpo", "mdm"} {
		eachWindows(t, func(m *model) { m.owner = owner }, func(t *testing.T, h *host, m *model, c *trustv1.Command, _ values) {
			if c.CheckId == string(check.DiskSpace) {
				return // nobody owns free space
			}
			h.submit(h.seal(c))
			h.drain(1)
			if r := h.only(); r.Outcome != refused || !strings.HasPrefix(r.Message, "policy_conflict: "+owner) || len(m.changes) != 0 {
				t.Errorf("the result is %v after %v", r, m.changes)
			}
		})
	}
}

func TestAMonitoredWindowsIsNotChanged(t *testing.T) {
	for name, set := range map[string]func(p *trustv1.Policy, d *trustv1.TrustDoc){
		"by the site's tier":    func(p *trustv1.Policy, _ *trustv1.TrustDoc) { p.Tier = trustv1.Tier_TIER_MONITOR_ONLY },
		"by the site's ceiling": func(p *trustv1.Policy, _ *trustv1.TrustDoc) { p.Ceiling = trustv1.Tier_TIER_MONITOR_ONLY },
		"by its own tier": func(p *trustv1.Policy, _ *trustv1.TrustDoc) {
			p.HostTiers = []*trustv1.HostTier{{AgentId: fakeappliance.AgentID, Tier: trustv1.Tier_TIER_MONITOR_ONLY}}
		},
		"by a policy that has ended": func(p *trustv1.Policy, _ *trustv1.TrustDoc) { p.ExpiresMs = time.Now().UnixMilli() },
		"by its revocation": func(_ *trustv1.Policy, d *trustv1.TrustDoc) {
			d.RevokedAgents = []string{fakeappliance.AgentID}
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachWindows(t, func(*model) {}, func(t *testing.T, h *host, m *model, c *trustv1.Command, _ values) {
				h.authority.ChangeDoc(func(d *trustv1.TrustDoc) { set(&trustv1.Policy{}, d) })
				h.authority.ChangePolicy(func(p *trustv1.Policy) {
					p.StandingRunbooks = []string{c.RunbookId}
					set(p, &trustv1.TrustDoc{})
				})
				h.apply()
				h.submit(h.seal(c))
				h.drain(0)
				// The result in the queue becomes evidence at the appliance.
				r := h.only()
				if r.Outcome != refused || len(r.Phases) != 0 || !strings.Contains(r.Message, "does not allow changes") || r.RunbookId != c.RunbookId {
					t.Errorf("the result is %v", r)
				}
				// Nor does a standing order go around the tier.
				h.stand(always{h}, 5*time.Minute)
				if len(h.results()) != 1 || len(m.changes) != 0 {
					t.Errorf("the results are %v after %v", h.results(), m.changes)
				}
			})
		})
	}
}

// always is a link that is away, with every check failing.
type always struct{ h *host }

func (a always) Standing(runbook string, _ check.ID) (*action.Session, uint64) {
	version, ok := a.h.policy.Stands(runbook)
	if !ok {
		return nil, 0
	}
	return &action.Session{AgentID: fakeappliance.AgentID}, version
}

func TestWindowsRefusesWhatNeedsAPerson(t *testing.T) {
	for _, c := range []struct {
		name, runbook, role string
		change              func(v values)
		reason              string
	}{
		{"a workstation's spooler is never stopped", "windows.spooler.disable", "1", nil, "role"},
		{"a member server's spooler is not stopped", "windows.spooler.disable", "3", nil, "role"},
		{"a domain controller's spooler is not only restricted", "windows.spooler.restrict", "4", nil, "role"},
		{"one of the services is disabled", "windows.services.start", "0", func(v values) { v["s CryptSvc"] = "4" }, "person"},
		{"one of the services is missing", "windows.services.start", "0", func(v values) { delete(v, "v CryptSvc") }, "person"},
		{"the client speaks SMB 1 too", "windows.smbv1.disable", "0", func(v values) { v["s mrxsmb10"] = "2" }, "person"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := broken()[c.runbook]
			m := &model{values: maps.Clone(b.before), role: c.role}
			if c.change != nil {
				c.change(m.values)
			}
			h := newWindows(t, m)
			h.submit(h.seal(h.order(c.runbook, b.id)))
			h.drain(1)
			if r := h.only(); r.Outcome != failed || phases(r) != "detect snapshot! " || !strings.Contains(r.Message, c.reason) || len(m.changes) != 0 {
				t.Errorf("the result is %v after %v; want it refused: %s", r, m.changes, c.reason)
			}
		})
	}
}

func TestAServiceIsStartedThreeTimesAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := broken()["windows.services.start"]
		m := &model{values: maps.Clone(b.before), role: b.role}
		h := newWindows(t, m)
		for i, want := range []compliancev1.Outcome{healed, healed, healed, failed} {
			m.values["v EventLog"] = "1"
			h.submit(h.seal(h.order("windows.services.start", b.id)))
			h.drain(1)
			if r := h.results()[i]; r.Outcome != want {
				t.Errorf("run %d is %v; want %v", i+1, r, want)
			}
			h.close() // the count outlives the agent
			h.open(action.WindowsActions())
		}
		if r := h.results()[3]; !strings.Contains(r.Message, "three times") {
			t.Errorf("the last result is %v", r)
		}
		m.values["v EventLog"], m.values["v CryptSvc"] = "4", "1" // another service has its own count
		h.submit(h.seal(h.order("windows.services.start", b.id)))
		h.drain(1)
		m.values["v EventLog"] = "1"
		sleepAnHour()
		h.submit(h.seal(h.order("windows.services.start", b.id)))
		h.drain(1)
		if r := h.results(); len(r) != 6 || r[4].Outcome != healed || r[5].Outcome != healed {
			t.Errorf("the results are %v", r)
		}
	})
}

func TestAShorterLimitIsNotMadeLonger(t *testing.T) {
	m := &model{values: values{inactivity: "600"}, ignores: true}
	h := newWindows(t, m)
	m.frozen = values{}
	h.submit(h.seal(h.order("windows.screenlock.enable", check.ScreenLock)))
	h.drain(1)
	if r := h.only(); r.Outcome != failed || len(m.changes) != 0 {
		t.Errorf("the result is %v after %v", r, m.changes)
	}
}
