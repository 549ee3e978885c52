package catalog

import "github.com/osiriscare/osiris/shared/check"

// Facts and parameters of the checks whose verdict depends on a Windows host's
// role, and of those of its policies.

var spoolerFacts = withHost(map[string]Class{
	check.FactService: Safe, check.FactPrinter: Identifier, check.FactPrinter + check.ErrorSuffix: Safe,
	check.FactSpoolerRPC: Safe, check.FactDriverAdmins: Safe,
})

var spoolerParameters = []Parameter{
	{"require_policy", "yes", "Whether a workstation that shares no printer needs the policy that keeps its spooler from the network: yes or no."},
}

var serviceFacts = withHost(map[string]Class{
	"stopped_services": Identifier, "count": Safe, check.FactService: Safe,
})

var serviceParameters = []Parameter{
	{"winrm", "no", "Whether WinRM must run, because the site is asked by it: yes or no."},
}

var auditFacts = withHost(map[string]Class{
	check.FactAudit: Safe, check.FactAuditLegacy: Safe, check.FactAuditLogSize: Safe, check.FactAuditLogPolicy: Safe,
	check.FactAuditLogKeep: Safe, check.FactAuditLogArchive: Safe,
})

const auditDoc = "What the subcategory must record: 0 nothing, 1 success, 2 failure, 3 both."

var auditParameters = []Parameter{
	{"account_lockout", "2", auditDoc},
	{"audit_policy_change", "3", auditDoc},
	{"authentication_policy_change", "1", auditDoc},
	{"credential_validation", "3", auditDoc},
	{"logoff", "1", auditDoc},
	{"logon", "3", auditDoc},
	{"process_creation", "1", auditDoc},
	{"security_group_management", "1", auditDoc},
	{"sensitive_privilege_use", "3", auditDoc},
	{"user_account_management", "3", auditDoc},
	{"min_log_mb", "20", "Least size of the security log, in MB."},
}

var rulesFacts = withHost(map[string]Class{check.FactRules: Safe})

var passwordParameters = []Parameter{
	{"min_length", "14", "Least length of a password, in characters."},
	{"max_age_days", "0", "Longest time until a password must change, in days; 0 asks for none."},
	{"history", "0", "Least number of earlier passwords that are refused; 0 asks for none."},
}

var lockoutParameters = []Parameter{
	{"max_threshold", "10", "Most wrong passwords before an account is locked."},
	{"min_duration_minutes", "15", "Shortest lock, in minutes."},
}

var timeFacts = withHost(map[string]Class{
	check.FactClockUnsynchronised: Safe, check.FactClockMaxError: Safe, check.FactClockDaemon: Safe, check.FactMacState: Safe,
	check.FactClockOffset: Identifier, check.FactClockOffset + check.ErrorSuffix: FreeText,
	check.FactService: Safe, check.FactTimeType: Safe, check.FactTimeTypePolicy: Safe,
	check.FactTimeServer: Identifier, check.FactTimeServerPolicy: Identifier, check.FactTimeDomain: Identifier,
	check.FactTimeClient: Safe, check.FactTimeClientPolicy: Safe,
})

var timeParameters = []Parameter{
	{"warn_seconds", "5", "How far the clock may be off, in seconds."},
	{"fail_seconds", "60", "How far it is off when that is severe, in seconds."},
}
