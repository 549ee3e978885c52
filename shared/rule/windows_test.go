package rule_test

import (
	"testing"

	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/rule"
	"github.com/osiriscare/osiris/shared/runbook"
)

// TestWindowsDriftsPickTheirRunbook has every check of Windows: what its failure
// picks, or "" where only a person may act (domain notes 10.2).
func TestWindowsDriftsPickTheirRunbook(t *testing.T) {
	embedded, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	e, err := rule.New(embedded)
	if err != nil {
		t.Fatal(err)
	}
	want := map[check.ID]string{
		check.Firewall: "windows.firewall.enable", check.Defender: "windows.defender.enable",
		check.CriticalServices: "windows.services.start", check.DiskSpace: "windows.disk.clean",
		check.GuestAccount: "windows.guest.disable", check.SMBv1: "windows.smbv1.disable",
		check.AuditPolicy: "windows.audit.enable", check.TimeSync: "windows.time.resync",
		check.BitLocker: "windows.bitlocker.resume", check.ScreenLock: "windows.screenlock.enable",
		check.Spooler: "windows.spooler.restrict",
	}
	for _, c := range catalog.Checks() {
		in := rule.Input{
			Check: c.ID, DriftType: c.DriftType, Host: rule.Host{OS: "windows"},
			Facts: check.Facts{{Name: check.FactDomainRole, Value: "1"}},
		}
		got := ""
		if d := e.Pick(t.Context(), in, now, nil); d.Rule != nil {
			got = d.Rule.Runbook.ID
		}
		if got != want[c.ID] {
			t.Errorf("%s on Windows picks %q; want %q", c.ID, got, want[c.ID])
		}
		if got != "" && c.Runbooks["windows"] == "" {
			t.Errorf("the catalogue names no runbook for %s", c.ID)
		}
	}
	for role, runbook := range map[string]string{
		"0": "windows.spooler.restrict", "1": "windows.spooler.restrict", "2": "", "3": "",
		"4": "windows.spooler.disable", "5": "windows.spooler.disable", "": "",
	} {
		in := rule.Input{Check: check.Spooler, DriftType: "spooler_running", Host: rule.Host{OS: "windows"}}
		if role != "" {
			in.Facts.Add(check.FactDomainRole, role)
		}
		d := e.Pick(t.Context(), in, now, nil)
		if got := d.Rule; (got == nil) != (runbook == "") || got != nil && got.Runbook.ID != runbook {
			t.Errorf("a spooler in the domain role %q picks %+v; want %q", role, d, runbook)
		}
	}
}
