//go:build !osiris_agent

package check

// Facts of linux_audit.
const (
	FactAuditInstalled = "audit_installed" // yes or no
	FactAuditEnabled   = "audit_enabled"   // 0, 1, or 2 when it cannot be changed before a reboot
	FactAuditDaemon    = "audit_daemon"    // yes or no: whether it runs
	FactAuditBoot      = "audit_boot"      // yes or no: whether it starts with the host
	FactAuditMissing   = "audit_missing"   // a file whose changes no rule records
)

const linuxAuditRulings = `changes of accounts and of sudo are recorded
-audit_installed|unknown||The state of auditing could not be read.
audit_installed=no|high|no audit daemon|No audit daemon is installed.
-audit_enabled|unknown||The state of auditing could not be read.
audit_enabled=0|high|off|Auditing is switched off.
audit_daemon!yes|high|no daemon runs|No audit daemon runs, so that nothing is kept.
audit_missing|high|not watched: {audit_missing}|No rule records changes of {audit_missing}.
audit_boot!yes|medium|not at boot|The audit daemon does not start with the host.
|pass|well|Changes of accounts and of sudo are recorded.`
