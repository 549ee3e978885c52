package model_test

import (
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

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
