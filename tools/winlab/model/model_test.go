package model_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/model"
)

// loaded is read once: it does not change, and reading it takes a while.
var loaded = sync.OnceValues(runbook.Load)

func catalogue(t testing.TB) *runbook.Catalogue {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newHost(t testing.TB, change func(*model.Config)) *model.Host {
	t.Helper()
	cfg := model.Config{Name: "WS01", Role: runbook.RoleWorkstation, Domain: true, Catalogue: catalogue(t)}
	if change != nil {
		change(&cfg)
	}
	h, err := model.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func run(t testing.TB, c *runbook.Catalogue, h *model.Host, input []byte) (stdout, stderr string, exit int) {
	t.Helper()
	line, err := c.WindowsCommand()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	exit = h.Run(context.Background(), line, bytes.NewReader(input), &out, &errs)
	return out.String(), errs.String(), exit
}

// ask runs a document and reads the reply.
func ask(t testing.TB, c *runbook.Catalogue, h *model.Host, d *runbook.Document) *runbook.Reply {
	t.Helper()
	input, err := d.Windows()
	if err != nil {
		t.Fatal(err)
	}
	out, errs, exit := run(t, c, h, input)
	if exit != 0 {
		t.Fatalf("Run = %d: %s", exit, errs)
	}
	reply, err := runbook.ReadReply([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

// scan judges checks of one scan, with the offset of the clock as the appliance
// measures it.
func scan(t testing.TB, c *runbook.Catalogue, h *model.Host, ids ...check.ID) map[check.ID]check.Verdict {
	t.Helper()
	d, err := c.Scan("windows", ids...)
	if err != nil {
		t.Fatal(err)
	}
	sent := time.Now()
	reply := ask(t, c, h, d)
	reply.Exchange.Sent = sent
	out := map[check.ID]check.Verdict{}
	for _, id := range ids {
		facts := reply.FactsOf(id)
		for _, f := range facts {
			if !slices.Contains(check.FactNames(id), f.Name) && f.Name != check.FactError {
				t.Errorf("%s tells the fact %s, which its judge does not know", id, f.Name)
			}
		}
		if id == check.TimeSync {
			reply.Exchange.Received = time.Now()
			ahead, _, ok := reply.Offset()
			if !ok {
				t.Errorf("%s does not tell its clock", reply.Hostname)
			}
			facts = append(facts, check.Fact{Name: check.FactClockOffset, Value: "Server=appliance;Ms=" + jsonText(t, -ahead.Milliseconds())})
		}
		out[id] = check.Judge(id, facts, nil)
	}
	return out
}

func jsonText(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestANewHostPassesEveryCheck(t *testing.T) {
	c := catalogue(t)
	for name, change := range map[string]func(*model.Config){
		"workstation":              func(cfg *model.Config) { cfg.Domain = false },
		"workstation of a domain":  nil,
		"server":                   func(cfg *model.Config) { cfg.Role, cfg.Domain = runbook.RoleServer, false },
		"server of a domain":       func(cfg *model.Config) { cfg.Role = runbook.RoleServer },
		"domain controller":        func(cfg *model.Config) { cfg.Role = runbook.RoleDomainController },
		"workstation with another": func(cfg *model.Config) { cfg.Name = "ANOTHER" },
	} {
		t.Run(name, func(t *testing.T) {
			verdicts := scan(t, c, newHost(t, change), c.Texts().Checks("windows")...)
			for id, v := range verdicts {
				if v.Status != check.Pass && v.Status != check.NotApplicable {
					t.Errorf("%s = %s: %s (%s)", id, v.Status, v.Reason, v.Actual)
				}
			}
		})
	}
}

func TestEveryEffectIsInSomeHost(t *testing.T) {
	c := catalogue(t)
	var hosts []*model.Host
	for _, role := range []string{runbook.RoleWorkstation, runbook.RoleServer, runbook.RoleDomainController} {
		hosts = append(hosts, newHost(t, func(cfg *model.Config) { cfg.Role = role }))
	}
	for _, text := range c.Texts().All() {
		if text.Platform != "windows" {
			continue
		}
		for _, e := range text.Effects {
			if !slices.ContainsFunc(hosts, func(h *model.Host) bool { return h.Has(e.Set) }) {
				t.Errorf("%s sets %s, which no host has", text.Path, e.Set)
			}
		}
	}
}

func TestWhatIsNotTheCatalogueFails(t *testing.T) {
	c := catalogue(t)
	h := newHost(t, nil)
	d, err := c.Scan("windows", check.Firewall)
	if err != nil {
		t.Fatal(err)
	}
	good, err := d.Windows()
	if err != nil {
		t.Fatal(err)
	}
	for name, input := range map[string]string{
		"nothing":               "",
		"a byte more":           strings.Replace(string(good), "Add-HostFact", "Add-HostFact ", 1),
		"another prelude":       strings.Replace(string(good), "OSIRIS-BEGIN", "OSIRIS-BEGUN", 1),
		"another name":          strings.Replace(string(good), `"name":"firewall"`, `"name":"defender"`, 1),
		"something after it":    string(good) + "{}",
		"a text of their own":   `{"v":1,"prelude":"","parts":[{"name":"x","script":"Get-Date"}],"parameters":{},"snapshot":null}`,
		"a member of their own": strings.Replace(string(good), `{"v":1,`, `{"v":1,"x":1,`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			out, errs, exit := run(t, c, h, []byte(input))
			if exit == 0 || out != "" || !strings.HasPrefix(errs, "#< CLIXML\r\n") || !strings.Contains(errs, `<S S="Error">`) {
				t.Errorf("Run = %d, %q, %q", exit, out, errs)
			}
		})
	}
	for line, want := range map[string]string{
		"powershell.exe -Command Get-Date": "#< CLIXML", "PowerShell -EncodedCommand AAAA": "#< CLIXML",
		"dir c:\\": "'dir' is not recognized as an internal or external command", "": "is not recognized",
	} {
		var out, errs bytes.Buffer
		if exit := h.Run(t.Context(), line, strings.NewReader(""), &out, &errs); exit != 1 || out.Len() > 0 || !strings.Contains(errs.String(), want) {
			t.Errorf("Run(%q) = %d, %q, %q", line, exit, out.String(), errs.String())
		}
	}
	if ran := h.History(); len(ran) > 0 {
		t.Errorf("History = %+v; want nothing", ran)
	}
}

func TestGroupPolicyComesBackEvery90Minutes(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	c := catalogue(t)
	h := newHost(t, func(cfg *model.Config) { cfg.Now = func() time.Time { return now } })
	if err := h.Policy("firewall.profiles.public.enabled", false); err != nil {
		t.Fatal(err)
	}
	book, err := c.Get("windows.firewall.enable")
	if err != nil {
		t.Fatal(err)
	}
	facts := func() check.Facts {
		d, err := c.Scan("windows", check.Firewall)
		if err != nil {
			t.Fatal(err)
		}
		return ask(t, c, h, d).FactsOf(check.Firewall)
	}
	if owner, _ := facts().Get(check.FactOwner); owner != "gpo" {
		t.Errorf("owner = %q; want gpo", owner)
	}
	if o := phase(t, c, h, book, runbook.Remediate, nil); !o.OK || !o.Changed {
		t.Errorf("remediate = %+v", o)
	}
	for _, want := range []struct {
		after  time.Duration
		status check.Status
	}{{0, check.Pass}, {89 * time.Minute, check.Pass}, {time.Minute, check.Fail}} {
		now = now.Add(want.after)
		if v := check.Judge(check.Firewall, facts(), nil); v.Status != want.status {
			t.Errorf("at %s = %s; want %s", now.Format(time.TimeOnly), v.Status, want.status)
		}
	}
}

func TestADeniedPartStopsNoOther(t *testing.T) {
	c := catalogue(t)
	h := newHost(t, nil)
	h.Deny("firewall", model.Denial{Message: "Access denied", Code: "0x80070005"})
	verdicts := scan(t, c, h, check.Firewall, check.Defender)
	if v := verdicts[check.Firewall]; v.Status != check.Unknown || !strings.Contains(v.Reason, "0x80070005") {
		t.Errorf("firewall = %+v", v)
	}
	if v := verdicts[check.Defender]; v.Status != check.Pass {
		t.Errorf("defender = %+v", v)
	}
	h.Allow("firewall")
	if v := scan(t, c, h, check.Firewall)[check.Firewall]; v.Status != check.Pass {
		t.Errorf("firewall = %+v", v)
	}
}

func TestAnotherAntivirusProtects(t *testing.T) {
	c := catalogue(t)
	for name, role := range map[string]string{"a workstation": runbook.RoleWorkstation, "a server": runbook.RoleServer} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, func(cfg *model.Config) { cfg.Role = role })
			for path, value := range map[string]any{"defender.product": "Example Shield", "services.WinDefend.state": "stopped"} {
				if err := h.Set(path, value); err != nil {
					t.Fatal(err)
				}
			}
			if v := scan(t, c, h, check.Defender)[check.Defender]; v.Status != check.Pass {
				t.Errorf("defender = %+v", v)
			}
		})
	}
}

func TestNoiseAndErrorsBesideAReplyDoNoHarm(t *testing.T) {
	c := catalogue(t)
	h := newHost(t, func(cfg *model.Config) { cfg.Noise = "Driver loaded: \xff\r\n" })
	if v := scan(t, c, h, check.Firewall)[check.Firewall]; v.Status != check.Pass {
		t.Errorf("firewall = %+v", v)
	}
}

func TestARestartIsSaidAndHappens(t *testing.T) {
	restarts := 0
	c := catalogue(t)
	h := newHost(t, func(cfg *model.Config) { cfg.Restart = func() { restarts++ } })
	if err := h.Set("reboot.pending", true); err != nil {
		t.Fatal(err)
	}
	book, err := c.Get("windows.reboot.schedule")
	if err != nil {
		t.Fatal(err)
	}
	if o := phase(t, c, h, book, runbook.Remediate, nil); !o.OK || !o.Changed || restarts != 1 {
		t.Errorf("remediate = %+v, %d restarts", o, restarts)
	}
	if o := phase(t, c, h, book, runbook.Remediate, nil); o.Changed || restarts != 1 {
		t.Errorf("remediate again = %+v, %d restarts", o, restarts)
	}
}

// A host that is slow to begin tells how long it ran, so that its clock is known all
// the same.
func TestTheClockOfASlowHostIsKnown(t *testing.T) {
	c := catalogue(t)
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, func(cfg *model.Config) { cfg.Delay = 8 * time.Second })
		if err := h.Set("time.offset_ms", -3000); err != nil {
			t.Fatal(err)
		}
		d, err := c.Scan("windows", check.TimeSync)
		if err != nil {
			t.Fatal(err)
		}
		sent := time.Now()
		reply := ask(t, c, h, d)
		reply.Exchange = runbook.Exchange{Sent: sent, Received: time.Now()}
		low, high, ok := reply.Offset()
		if !ok || low > 3*time.Second || high < 3*time.Second || high-low > 10*time.Millisecond {
			t.Errorf("Offset = %s to %s, %v; want 3 s", low, high, ok)
		}
	})
}

func TestSetRefusesWhatIsNotThere(t *testing.T) {
	h := newHost(t, nil)
	for path, value := range map[string]any{"firewall.profiles.guest.enabled": true, "services.NTDS.state": "running", "users.guest.disabled": 5, "audit.logon": "much"} {
		if err := h.Set(path, value); err == nil {
			t.Errorf("Set(%s, %v) = nil; want an error", path, value)
		}
	}
	if _, err := model.New(model.Config{Name: "X", Role: "toaster", Catalogue: catalogue(t)}); err == nil {
		t.Error("New of a toaster = nil; want an error")
	}
}

func FuzzRun(f *testing.F) {
	c := catalogue(f)
	d, err := c.Scan("windows", check.Firewall)
	if err != nil {
		f.Fatal(err)
	}
	good, err := d.Windows()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"v":1}`))
	h := newHost(f, nil)
	f.Fuzz(func(t *testing.T, input []byte) {
		out, errs, exit := run(t, c, h, input)
		if exit == 0 {
			if _, err := runbook.ReadReply([]byte(out)); err != nil {
				t.Errorf("Run = a reply that is none: %v", err)
			}
		} else if out != "" || errs == "" {
			t.Errorf("Run = %d, %q, %q", exit, out, errs)
		}
	})
}
