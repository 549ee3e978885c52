package model_test

import (
	"encoding/json"
	"slices"
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
