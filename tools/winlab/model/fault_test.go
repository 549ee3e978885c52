package model_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/model"
)

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
	"a firewall profile is off":              {check: check.Firewall, path: "firewall.profiles.public.enabled", value: false},
	"the firewall does not run":              {check: check.Firewall, path: "services.MpsSvc.state", value: "stopped"},
	"BitLocker is suspended":                 {check: check.BitLocker, path: "bitlocker.volumes.c.suspended", value: true},
	"BitLocker is suspended until a restart": {check: check.BitLocker, path: "bitlocker.volumes.d.suspended", value: true, more: map[string]any{"bitlocker.volumes.d.suspend_count": 1}},
	"a disk is not encrypted":                {check: check.BitLocker, path: "bitlocker.volumes.c.encrypted", value: false},
	"Defender does not watch":                {check: check.Defender, path: "defender.real_time", value: false},
	"Defender is old":                        {check: check.Defender, path: "defender.signature_age_days", value: 30},
	"Defender does not run":                  {check: check.Defender, path: "services.WinDefend.state", value: "stopped"},
	"the server speaks SMB 1":                {check: check.SMBv1, path: "smb.server_smb1", value: true},
	"a guest may come":                       {check: check.GuestAccount, path: "users.guest.disabled", value: false},
	"nobody records logons":                  {check: check.AuditPolicy, path: "audit.logon", value: 0},
	"the log is small":                       {check: check.AuditPolicy, path: "audit.log_mb", value: 1},
	"passwords are short":                    {check: check.PasswordPolicy, path: "password.min_length", value: 6},
	"nothing locks":                          {check: check.AccountLockout, path: "lockout.threshold", value: 0},
	"the screen locks late":                  {check: check.ScreenLock, path: "screen_lock.machine_seconds", value: 7200},
	"an update waits":                        {check: check.Patches, path: "updates.pending_days", value: 60},
	"a restart is due":                       {check: check.PendingReboot, path: "reboot.pending", value: true},
	"the disk is full":                       {check: check.DiskSpace, path: "disk.volumes.c.used_mb", value: 470000},
	"temporary files fill the disk":          {check: check.DiskSpace, path: "disk.temporary_mb", value: 190000},
	"the update server forgot it":            {check: check.WSUS, path: "updates.wsus_registered", value: false, more: map[string]any{"updates.wsus_server": "http://wsus.example:8530"}},
	"a server's network is public":           {check: check.NetworkProfile, role: runbook.RoleServer, path: "network.adapters.5.category", value: "public", alone: true},
	"the clock is wrong":                     {check: check.TimeSync, path: "time.offset_ms", value: 600000},
	"the domain does not know it":            {check: check.SecureChannel, path: "domain.secure_channel", value: false},
	"NetBIOS is on":                          {check: check.NetBIOS, path: "network.adapters.5.netbios", value: 1},
	"it asks the internet for names":         {check: check.DNSClient, path: "network.adapters.5.static_dns", value: "8.8.8.8"},
	"the domain's network is not known":      {check: check.NetworkProfile, path: "network.adapters.5.category", value: "public"},
	"the cable is bad":                       {check: check.NetworkAdapter, path: "network.adapters.5.received_errors", value: 90000},
	"a disk fails":                           {check: check.VolumeHealth, path: "disk.physical.0.health", value: 2},
	"shadow copies were disabled and failed": {check: check.VSS, path: "services.VSS.start", value: "disabled", more: map[string]any{"vss.errors": 3}},
	"updates were disabled and failed":       {check: check.WindowsUpdateService, path: "services.wuauserv.start", value: "disabled", more: map[string]any{"updates.errors": 9}},
	"the clock's service rests in a domain":  {check: check.CriticalServices, path: "services.W32Time.state", value: "stopped"},
	"DNS of a member server is stopped":      {check: check.CriticalServices, role: runbook.RoleDomainController, path: "services.DNS.state", value: "stopped", more: map[string]any{"services.DNS.start": "manual"}},
	"shadow copies are disabled":             {check: check.VSS, path: "services.VSS.start", value: "disabled"},
	"updates are disabled":                   {check: check.WindowsUpdateService, path: "services.wuauserv.start", value: "disabled"},
	"the spooler is reachable":               {check: check.Spooler, path: "spooler.remote_rpc", value: 0},
	"the spooler of a DC runs":               {check: check.Spooler, role: runbook.RoleDomainController, path: "services.Spooler.state", value: "running"},
	"a service is stopped":                   {check: check.CriticalServices, path: "services.EventLog.state", value: "stopped"},
	"DNS is stopped":                         {check: check.DNSServer, role: runbook.RoleDomainController, path: "services.DNS.state", value: "stopped"},
	"DHCP is stopped":                        {check: check.DHCPServer, role: runbook.RoleDomainController, path: "services.DHCPServer.state", value: "stopped"},
	"replication fails":                      {check: check.ADHealth, role: runbook.RoleDomainController, path: "domain.replication_failures", value: 4},
	"the backup is old":                      {check: check.BackupStatus, role: runbook.RoleServer, path: "backup.age_hours", value: 200},
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
	"services.DNS.state": {check.CriticalServices: true, check.DNSServer: true},
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
		if slices.ContainsFunc(book.Roads.WinRM.Snapshot.Refuses, func(r runbook.Refusal) bool { return r.Because == snapshot.Error }) {
			continue // the appliance changes nothing then
		}
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

// TestAnEffectHappensWhereItsConditionHolds resumes one volume and leaves the other,
// which resumes by itself, as the script does.
func TestAnEffectHappensWhereItsConditionHolds(t *testing.T) {
	c := catalogue(t)
	h := newHost(t, nil)
	for path, value := range map[string]any{
		"bitlocker.volumes.c.suspended": true, "bitlocker.volumes.d.suspended": true, "bitlocker.volumes.d.suspend_count": 2,
	} {
		if err := h.Set(path, value); err != nil {
			t.Fatal(err)
		}
	}
	book, err := c.Get("windows.bitlocker.resume")
	if err != nil {
		t.Fatal(err)
	}
	if o := phase(t, c, h, book, runbook.Remediate, nil); !o.OK || !o.Changed {
		t.Fatalf("remediate = %+v", o)
	}
	for path, want := range map[string]bool{"bitlocker.volumes.c.suspended": false, "bitlocker.volumes.d.suspended": true} {
		if got, _ := h.Get(path); got != want {
			t.Errorf("%s = %v; want %v", path, got, want)
		}
	}
}

// TestAnEffectLeavesWhatIsStricter sets what a script leaves alone, by script, and
// wants it left: a lab that mends more than Windows would is no lab.
func TestAnEffectLeavesWhatIsStricter(t *testing.T) {
	c := catalogue(t)
	for name, test := range map[string]struct {
		book  string
		role  string
		alone bool
		set   map[string]any
		want  map[string]any // as set where empty
	}{
		"a shorter lock":                    {book: "windows.screenlock.enable", set: map[string]any{"screen_lock.machine_seconds": int64(300)}},
		"no lock at all":                    {book: "windows.screenlock.enable", set: map[string]any{"screen_lock.machine_seconds": int64(0)}, want: map[string]any{"screen_lock.machine_seconds": int64(900)}},
		"more is recorded, in a larger log": {book: "windows.audit.enable", set: map[string]any{"audit.logoff": int64(3), "audit.log_mb": int64(4096)}},
		"half is recorded":                  {book: "windows.audit.enable", set: map[string]any{"audit.logon": int64(2)}, want: map[string]any{"audit.logon": int64(3)}},
		"a workgroup's Netlogon":            {book: "windows.services.start", alone: true, set: map[string]any{"services.Netlogon.state": "stopped"}},
		"a disabled service":                {book: "windows.services.start", set: map[string]any{"services.CryptSvc.start": "disabled", "services.CryptSvc.state": "stopped"}},
		"a service with a trigger":          {book: "windows.services.start", set: map[string]any{"services.CryptSvc.trigger": true, "services.CryptSvc.state": "stopped"}},
		"W32Time on demand":                 {book: "windows.time.resync", set: map[string]any{"services.W32Time.start": "manual"}},
		"shadow copies that start alone":    {book: "windows.vss.enable", set: map[string]any{"services.VSS.start": "auto"}},
		"BITS that starts alone and runs":   {book: "windows.update.repair", set: map[string]any{"services.BITS.start": "auto", "services.BITS.state": "running"}},
		"Defender that policy has off":      {book: "windows.defender.enable", set: map[string]any{"defender.antivirus": false}},
		"signatures of the day before last": {book: "windows.defender.enable", set: map[string]any{"defender.signature_age_days": int64(2)}},
		"signatures without the internet": {
			book: "windows.defender.enable",
			set:  map[string]any{"defender.signature_age_days": int64(30), "defender.updates_reachable": false},
		},
		"a domain's network":              {book: "windows.network_profile.private", set: map[string]any{"network.adapters.5.category": "domain"}},
		"NetBIOS as DHCP decides":         {book: "windows.netbios.disable", set: map[string]any{"network.adapters.5.netbios": int64(0)}},
		"name servers without DHCP":       {book: "windows.dns_client.reset", set: map[string]any{"network.adapters.5.static_dns": "8.8.8.8", "network.adapters.5.dhcp": false}},
		"a firewall that is disabled":     {book: "windows.firewall.enable", set: map[string]any{"services.MpsSvc.start": "disabled", "services.MpsSvc.state": "stopped"}, want: map[string]any{"services.MpsSvc.start": "auto", "services.MpsSvc.state": "stopped"}},
		"a backup that fails":             {book: "windows.backup.run", role: runbook.RoleServer, set: map[string]any{"backup.age_hours": int64(200), "backup.works": false}},
		"suspended until the second boot": {book: "windows.bitlocker.resume", set: map[string]any{"bitlocker.volumes.c.suspended": true, "bitlocker.volumes.c.suspend_count": int64(2)}},
	} {
		h := faulty(t, fault{role: test.role, alone: test.alone, path: "policy.readable", value: true, more: test.set})
		book, err := c.Get(test.book)
		if err != nil {
			t.Fatal(err)
		}
		if o := phase(t, c, h, book, runbook.Remediate, nil); !o.OK {
			t.Errorf("%s: remediate = %+v", name, o)
		}
		if test.want == nil {
			test.want = test.set
		}
		for path, want := range test.want {
			if got, _ := h.Get(path); got != want {
				t.Errorf("%s: %s leaves %s at %v; want %v", name, test.book, path, got, want)
			}
		}
	}
}

// TestASnapshotRefusesWhereItsScriptGivesUp breaks hosts in ways that need a person.
func TestASnapshotRefusesWhereItsScriptGivesUp(t *testing.T) {
	c := catalogue(t)
	for name, test := range map[string]struct {
		book string
		role string
		set  map[string]any
		want string
	}{
		"an adapter without DHCP":  {"windows.dns_client.reset", "", map[string]any{"network.adapters.5.static_dns": "8.8.8.8", "network.adapters.5.dhcp": false}, "an adapter without DHCP"},
		"DHCP names the wrong one": {"windows.dns_client.reset", "", map[string]any{"network.adapters.5.dhcp_dns": "8.8.8.8"}, "no adapter has DNS servers"},
		"no old temporary files":   {"windows.disk.clean", "", map[string]any{"disk.temporary_mb": 0}, "no old temporary files"},
		"a disabled DNS server":    {"windows.dns.start", runbook.RoleDomainController, map[string]any{"services.DNS.start": "disabled"}, "somebody wanted"},
		"no DNS server":            {"windows.dns.start", "", nil, "not installed"},
		"no update server":         {"windows.wsus.reset", "", nil, "names no update server"},
		"enabled shadow copies":    {"windows.vss.enable", "", map[string]any{"vss.errors": 3}, "needs a person"},
		"a disabled service":       {"windows.services.start", "", map[string]any{"services.Netlogon.start": "disabled"}, "needs a person"},
		"another backup program":   {"windows.backup.run", runbook.RoleServer, map[string]any{"backup.product": "Example Backup"}, "no backup of Windows Server Backup"},
		"a volume that resumes":    {"windows.bitlocker.resume", "", map[string]any{"bitlocker.volumes.c.suspended": true, "bitlocker.volumes.c.suspend_count": 2}, "no encrypted volume"},
	} {
		h := faulty(t, fault{role: test.role, path: "policy.readable", value: true, more: test.set})
		book, err := c.Get(test.book)
		if err != nil {
			t.Fatal(err)
		}
		if o := phase(t, c, h, book, runbook.Snapshot, nil); o.OK || !strings.Contains(o.Error, test.want) {
			t.Errorf("%s: snapshot of %s = %+v; want %q", name, test.book, o, test.want)
		}
	}
}

// An update server that policy names is no reason against registering anew.
func TestPolicyDoesNotOwnTheIdForAnUpdateServer(t *testing.T) {
	h := faulty(t, faults["the update server forgot it"])
	if v := scan(t, catalogue(t), h, check.WSUS)[check.WSUS]; v.Status != check.Fail {
		t.Fatalf("wsus = %+v", v)
	} else if owner, _ := v.Facts.Get(check.FactOwner); owner != "local" {
		t.Errorf("owner = %q; want local", owner)
	}
	text, err := catalogue(t).Texts().Facts("windows", check.WSUS)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.Body, "-Owner 'gpo'") {
		t.Error("the script takes policy for the owner of the id")
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
