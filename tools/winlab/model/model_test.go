package model_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/model"
)

func catalogue(t testing.TB) *runbook.Catalogue {
	t.Helper()
	c, err := runbook.Load()
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
	reply := ask(t, c, h, d)
	out := map[check.ID]check.Verdict{}
	for _, id := range ids {
		facts := reply.FactsOf(id)
		for _, f := range facts {
			if !slices.Contains(check.FactNames(id), f.Name) && f.Name != check.FactError {
				t.Errorf("%s tells the fact %s, which its judge does not know", id, f.Name)
			}
		}
		if id == check.TimeSync {
			offset, _ := h.Get("time.offset_ms")
			facts = append(facts, check.Fact{Name: check.FactClockOffset, Value: "Server=192.0.2.1;Ms=" + jsonText(t, offset) + ";Stratum=2"})
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

// fault is what is wrong with a host, and the check that sees it.
type fault struct {
	check check.ID
	// role is workstation if empty.
	role  string
	path  string
	value any
	// more is what makes it a fault.
	more map[string]any
	// alone is a host in no domain.
	alone bool
}

var faults = map[string]fault{
	"a firewall profile is off":         {check: check.Firewall, path: "firewall.profiles.public.enabled", value: false},
	"the firewall does not run":         {check: check.Firewall, path: "services.MpsSvc.state", value: "stopped"},
	"BitLocker is suspended":            {check: check.BitLocker, path: "bitlocker.volumes.c.suspended", value: true},
	"a disk is not encrypted":           {check: check.BitLocker, path: "bitlocker.volumes.c.encrypted", value: false},
	"Defender does not watch":           {check: check.Defender, path: "defender.real_time", value: false},
	"Defender is old":                   {check: check.Defender, path: "defender.signature_age_days", value: 30},
	"Defender does not run":             {check: check.Defender, path: "services.WinDefend.state", value: "stopped"},
	"the server speaks SMB 1":           {check: check.SMBv1, path: "smb.server_smb1", value: true},
	"a guest may come":                  {check: check.GuestAccount, path: "users.guest.disabled", value: false},
	"nobody records logons":             {check: check.AuditPolicy, path: "audit.logon", value: 0},
	"the log is small":                  {check: check.AuditPolicy, path: "audit.log_mb", value: 1},
	"passwords are short":               {check: check.PasswordPolicy, path: "password.min_length", value: 6},
	"nothing locks":                     {check: check.AccountLockout, path: "lockout.threshold", value: 0},
	"the screen locks late":             {check: check.ScreenLock, path: "screen_lock.machine_seconds", value: 7200},
	"an update waits":                   {check: check.Patches, path: "updates.pending_days", value: 60},
	"a restart is due":                  {check: check.PendingReboot, path: "reboot.pending", value: true},
	"the disk is full":                  {check: check.DiskSpace, path: "disk.volumes.c.used_mb", value: 470000},
	"temporary files fill the disk":     {check: check.DiskSpace, path: "disk.temporary_mb", value: 190000},
	"the update server forgot it":       {check: check.WSUS, path: "updates.wsus_registered", value: false, more: map[string]any{"updates.wsus_server": "http://wsus.example:8530"}},
	"a server's network is public":      {check: check.NetworkProfile, role: runbook.RoleServer, path: "network.adapters.5.category", value: "public", alone: true},
	"the clock is wrong":                {check: check.TimeSync, path: "time.offset_ms", value: 600000},
	"the domain does not know it":       {check: check.SecureChannel, path: "domain.secure_channel", value: false},
	"NetBIOS is on":                     {check: check.NetBIOS, path: "network.adapters.5.netbios", value: 1},
	"it asks the internet for names":    {check: check.DNSClient, path: "network.adapters.5.static_dns", value: "8.8.8.8"},
	"the domain's network is not known": {check: check.NetworkProfile, path: "network.adapters.5.category", value: "public"},
	"the cable is bad":                  {check: check.NetworkAdapter, path: "network.adapters.5.received_errors", value: 90000},
	"a disk fails":                      {check: check.VolumeHealth, path: "disk.physical.0.health", value: 2},
	"shadow copies are disabled":        {check: check.VSS, path: "services.VSS.start", value: "disabled"},
	"updates are disabled":              {check: check.WindowsUpdateService, path: "services.wuauserv.start", value: "disabled"},
	"the spooler is reachable":          {check: check.Spooler, path: "spooler.remote_rpc", value: 0},
	"the spooler of a DC runs":          {check: check.Spooler, role: runbook.RoleDomainController, path: "services.Spooler.state", value: "running"},
	"a service is stopped":              {check: check.CriticalServices, path: "services.EventLog.state", value: "stopped"},
	"DNS is stopped":                    {check: check.DNSServer, role: runbook.RoleDomainController, path: "services.DNS.state", value: "stopped"},
	"DHCP is stopped":                   {check: check.DHCPServer, role: runbook.RoleDomainController, path: "services.DHCPServer.state", value: "stopped"},
	"replication fails":                 {check: check.ADHealth, role: runbook.RoleDomainController, path: "domain.replication_failures", value: 4},
	"the backup is old":                 {check: check.BackupStatus, role: runbook.RoleServer, path: "backup.age_hours", value: 200},
}

func faulty(t *testing.T, f fault) *model.Host {
	t.Helper()
	h := newHost(t, func(cfg *model.Config) {
		if f.role != "" {
			cfg.Role = f.role
		}
		cfg.Domain = !f.alone
	})
	for path, value := range f.more {
		if err := h.Set(path, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Set(f.path, f.value); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestWhatIsWrongIsSeen(t *testing.T) {
	c := catalogue(t)
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			h := faulty(t, f)
			for id, v := range scan(t, c, h, c.Texts().Checks("windows")...) {
				failed := v.Status == check.Fail
				if failed != (id == f.check) && !alsoFails[f.path][id] {
					t.Errorf("%s = %s: %s (%s)", id, v.Status, v.Reason, v.Actual)
				}
			}
		})
	}
}

// alsoFails are other checks that see the same.
var alsoFails = map[string]map[check.ID]bool{
	"services.DNS.state": {check.CriticalServices: true},
}

func TestEveryCheckHasAFault(t *testing.T) {
	for _, id := range catalogue(t).Texts().Checks("windows") {
		seen := false
		for _, f := range faults {
			seen = seen || f.check == id
		}
		if !seen {
			t.Errorf("no fault is seen by %s", id)
		}
	}
}

func TestEveryRunbookHealsWhatItIsFor(t *testing.T) {
	c := catalogue(t)
	for _, book := range c.All() {
		if book.Roads.WinRM == nil || book.AlertOnly {
			continue
		}
		t.Run(book.ID, func(t *testing.T) { heals(t, c, book) })
	}
}

// heals breaks a host in every way that concerns the runbook's checks, and wants
// that at least one of them is healed, and that rollback brings it back.
func heals(t *testing.T, c *runbook.Catalogue, book *runbook.Runbook) {
	healed := 0
	for name, f := range faults {
		if !slices.Contains(book.Checks, f.check) {
			continue
		}
		h := faulty(t, f)
		before, _ := h.Get(f.path)
		snapshot := phase(t, c, h, book, runbook.Snapshot, nil)
		if !snapshot.OK || snapshot.Changed {
			t.Fatalf("%s: snapshot = %+v", name, snapshot)
		}
		if fixed := phase(t, c, h, book, runbook.Remediate, nil); !fixed.OK {
			t.Errorf("%s: remediate = %+v", name, fixed)
		}
		if v := scan(t, c, h, f.check)[f.check]; v.Status != check.Pass {
			continue
		}
		healed++
		if book.Roads.WinRM.Rollback == nil {
			continue
		}
		if back := phase(t, c, h, book, runbook.Rollback, snapshot.State); !back.OK {
			t.Errorf("%s: rollback = %+v", name, back)
		}
		// What is not rolled back, such as a service that was stopped, is said so.
		if after, _ := h.Get(f.path); !cmp.Equal(after, before) && sets(book.Roads.WinRM.Rollback, f.path) {
			t.Errorf("%s: %s is %v after the rollback; it was %v", name, f.path, after, before)
		}
	}
	if healed == 0 {
		t.Errorf("%s heals no fault of %v", book.ID, book.Checks)
	}
}

func sets(p *runbook.Phase, path string) bool {
	for _, e := range p.Effects {
		if e.Set == path {
			return true
		}
	}
	return false
}

func phase(t *testing.T, c *runbook.Catalogue, h *model.Host, book *runbook.Runbook, kind runbook.Kind, saved json.RawMessage) runbook.Outcome {
	t.Helper()
	road := book.Roads.WinRM
	p := map[runbook.Kind]*runbook.Phase{runbook.Snapshot: road.Snapshot, runbook.Remediate: road.Remediate, runbook.Rollback: road.Rollback}[kind]
	d, err := c.Document(p.Script)
	if err != nil {
		t.Fatal(err)
	}
	if d.Parameters, err = book.Validate(nil); err != nil {
		t.Fatal(err)
	}
	for _, id := range book.Checks {
		for _, one := range check.Defaults(id) {
			if slices.Contains(road.CheckParameters, one.Name) {
				d.Parameters[one.Name] = one.Default
			}
		}
	}
	d.Snapshot = saved
	o, ok := ask(t, c, h, d).Part(string(kind))
	if !ok {
		t.Fatalf("no part %s", kind)
	}
	return o
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
