package model

import (
	"github.com/osiriscare/osiris/shared/check"
)

// auditNames are the subcategories in the order of the script.
var auditNames = []string{
	"account_lockout", "audit_policy_change", "authentication_policy_change", "credential_validation", "logoff", "logon",
	"process_creation", "security_group_management", "sensitive_privilege_use", "user_account_management",
}

func auditPolicy(t tree, h *Host, f *check.Facts) {
	for _, name := range auditNames {
		row(f, check.FactAudit, "Name", name, "Setting", t.number("audit."+name))
	}
	f.Add(check.FactAuditLogSize, word(t.number("audit.log_mb")<<20))
	f.Add(check.FactAuditLogKeep, "0")
	h.owner(f, "audit.")
}

// unlimited is TIMEQ_FOREVER.
const unlimited = int64(1<<32 - 1)

func passwordPolicy(t tree, h *Host, f *check.Facts) {
	age := unlimited
	if days := t.number("password.max_age_days"); days > 0 {
		age = 86400 * days
	}
	row(f, check.FactRules, "MinLength", t.number("password.min_length"), "MaxAge", age,
		"MinAge", 86400*t.number("password.min_age_days"), "History", t.number("password.history"))
	h.owner(f, "password.")
}

func accountLockout(t tree, h *Host, f *check.Facts) {
	duration, window := int64(0), int64(0)
	if t.number("lockout.threshold") > 0 {
		duration, window = 60*t.number("lockout.minutes"), 60*t.number("lockout.minutes")
	}
	row(f, check.FactRules, "Threshold", t.number("lockout.threshold"), "Duration", duration, "Window", window)
	h.owner(f, "lockout.")
}

func screenLock(t tree, h *Host, f *check.Facts) {
	if seconds := t.number("screen_lock.machine_seconds"); seconds > 0 {
		f.Add(check.FactInactivity, word(seconds))
	}
	if t.yes("screen_lock.disabled") {
		f.Add(check.FactLockDisabled, "1")
	}
	people := t.members("screen_lock.people")
	for _, kind := range []string{check.FactScreenPolicy, check.FactScreenChoice, check.FactPersonsLock} {
		for _, rid := range people {
			sid, p := "S-1-5-21-1-1-1-"+rid, "screen_lock.people."+rid+"."
			if kind != check.FactScreenChoice {
				row(f, kind, "Sid", sid)
				continue
			}
			row(f, kind, "Sid", sid, "ScreenSaveActive", t.text(p+"active"), "ScreenSaverIsSecure", t.text(p+"secure"),
				"ScreenSaveTimeOut", t.number(p+"seconds"))
		}
	}
	h.resultant(f, "screen_lock.")
}

func criticalServices(t tree, h *Host, f *check.Facts) {
	serviceRows(t, f, check.FactService, "EventLog", "CryptSvc", "Netlogon", "NTDS", "DNS", "W32Time", "WinRM")
	h.resultant(f, "services.")
}

func timeSync(t tree, h *Host, f *check.Facts) {
	serviceRows(t, f, check.FactService, "W32Time")
	f.Add(check.FactTimeType, t.text("time.type"))
	f.Add(check.FactTimeServer, t.text("time.server"))
	f.Add(check.FactTimeClient, "1")
	if t.has("domain") {
		f.Add(check.FactTimeDomain, t.text("domain.name"))
	}
	h.owner(f, "time.")
}

func pendingReboot(t tree, h *Host, f *check.Facts) {
	if t.yes("reboot.pending") {
		f.Add(check.FactRebootWU, "yes")
	}
	f.Add(check.FactComputerName, h.cfg.Name)
	f.Add(check.FactActiveName, h.cfg.Name)
	if n := t.number("reboot.renames"); n > 0 {
		f.Add(check.FactPendingRenames, word(n))
	}
}

func secureChannel(t tree, _ *Host, f *check.Facts) {
	if !t.member() {
		return
	}
	answer := "no"
	if t.yes("domain.secure_channel") {
		answer = "yes"
	}
	f.Add(check.FactSecureChannel, answer)
	if t.yes("domain.password_never_changes") {
		f.Add(check.FactPasswordChange, "1")
	}
}

func adHealth(t tree, _ *Host, f *check.Facts) {
	if !t.controller() {
		return
	}
	failures := t.number("domain.replication_failures")
	result := int64(0)
	if failures > 0 {
		result = 1722
	}
	row(f, check.FactReplication, "Partner", "DC2", "Context", "DC=northvalley,DC=example", "Failures", failures, "Result", result)
	f.Add(check.FactLockedAccounts, word(t.number("domain.locked_accounts")))
}
