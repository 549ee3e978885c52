package model

import (
	"fmt"
	"strconv"

	"github.com/osiriscare/osiris/shared/check"
)

// reader tells one check's facts, in the words of the script of that check.
type reader func(t tree, h *Host, f *check.Facts)

var readers = map[check.ID]reader{
	check.AccountLockout: accountLockout, check.ADHealth: adHealth, check.AuditPolicy: auditPolicy,
	check.BackupStatus: backupStatus, check.BitLocker: bitLocker, check.CriticalServices: criticalServices,
	check.Defender: defender, check.DHCPServer: services("DHCPServer"), check.DiskSpace: diskSpace,
	check.DNSClient: dnsClient, check.DNSServer: services("DNS"), check.Firewall: firewall,
	check.GuestAccount: guestAccount, check.NetBIOS: netBIOS, check.NetworkAdapter: networkAdapter,
	check.NetworkProfile: networkProfile, check.PasswordPolicy: passwordPolicy, check.Patches: patches,
	check.PendingReboot: pendingReboot, check.ScreenLock: screenLock, check.SecureChannel: secureChannel,
	check.SMBv1: smb1, check.Spooler: spooler, check.TimeSync: timeSync, check.VolumeHealth: volumeHealth,
	check.VSS: shadowCopies, check.WindowsUpdateService: updateService, check.WSUS: updateServer,
}

// facts tells a check's facts; a check without a reader is an error of the part.
func (h *Host) facts(id check.ID) (check.Facts, error) {
	read := readers[id]
	if read == nil {
		return nil, fmt.Errorf("the lab's hosts have no facts for %s yet", id)
	}
	var f check.Facts
	if !withoutHost[id] {
		for _, name := range []string{"product_type", "domain_role", "system_drive", "edition", "build", "revision"} {
			f.Add("host."+name, word(h.tree["host."+name]))
		}
	}
	read(h.tree, h, &f)
	return f, nil
}

// withoutHost are the checks whose facts do not begin with those of the host.
var withoutHost = map[check.ID]bool{check.DiskSpace: true, check.PendingReboot: true, check.ScreenLock: true}

// word writes a value as ConvertTo-FactText does.
func word(v any) string {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case int:
		return strconv.Itoa(v)
	case string:
		return v
	}
	return ""
}

// digit writes a yes or no as 1 or 0.
func digit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// row adds a fact of names and values in turn.
func row(f *check.Facts, fact string, pairs ...any) {
	var fields check.Facts
	for i := 0; i+1 < len(pairs); i += 2 {
		fields.Add(pairs[i].(string), word(pairs[i+1]))
	}
	f.Add(fact, check.FormatRow(fields))
}

// services tells the rows of services that are there.
func services(names ...string) reader {
	return func(t tree, _ *Host, f *check.Facts) { serviceRows(t, f, check.FactService, names...) }
}

func serviceRows(t tree, f *check.Facts, fact string, names ...string) {
	for _, name := range names {
		p := "services." + name
		if t.has(p) {
			row(f, fact, "Name", name, "State", stateOf[t.text(p+".state")], "Start", startupOf[t.text(p+".start")],
				"Delayed", digit(t.yes(p+".delayed")), "Trigger", digit(t.yes(p+".trigger")))
		}
	}
}

// resultant is owner for a script that asks what group policy applied, which may not
// be readable.
func (h *Host) resultant(f *check.Facts, prefixes ...string) {
	if !h.tree.yes("policy.readable") {
		f.Add(check.FactOwner+check.ErrorSuffix, "code 0x80041003")
		f.Add(check.FactOwner, "local")
		return
	}
	h.owner(f, prefixes...)
}

// owner says who sets what lies below the prefixes.
func (h *Host) owner(f *check.Facts, prefixes ...string) {
	for _, p := range h.policies {
		for _, prefix := range prefixes {
			if len(p.path) > len(prefix) && p.path[:len(prefix)] == prefix {
				f.Add(check.FactOwner, "gpo")
				return
			}
		}
	}
	f.Add(check.FactOwner, "local")
}

func (t tree) workstation() bool { return t.number("host.product_type") == 1 }

func (t tree) controller() bool { return t.number("host.product_type") == 2 }

func (t tree) member() bool {
	role := t.number("host.domain_role")
	return role == 1 || role == 3
}
