package catalog

import "github.com/osiriscare/osiris/shared/check"

// linuxAccess lists the checks of Linux servers about who gets in.
var linuxAccess = []Check{
	{
		ID:        check.LinuxAccounts,
		Title:     "Linux accounts",
		DriftType: "linux_accounts_weak",
		Severity:  "medium",
		Citations: []string{"164.312(a)(2)(i)", "164.308(a)(5)(ii)(D)", "164.312(d)"},
		Advice:    "Give each person and service an own user id, keep 0 for root, and let pam_faillock lock accounts after wrong passwords.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.accounts.review"},
		Facts: map[string]Class{
			check.FactAccounts: Safe, check.FactSuperuser: Identifier, check.FactSameID: Identifier, check.FactAccount: Identifier,
			check.FactAccountMore: Safe, check.FactLockout: Safe,
		},
		Parameters: []Parameter{
			{"max_password_days", "0", "After how many days a password has to be changed; 0 asks for none."},
			{"require_lockout", "yes", "Whether wrong passwords must lock an account: yes or no."},
		},
	},
	{
		ID:        check.LinuxAudit,
		Title:     "Linux auditing",
		DriftType: "linux_audit_disabled",
		Severity:  "high",
		Citations: []string{"164.312(b)", "164.308(a)(1)(ii)(D)"},
		Advice:    "Install and start auditd, with rules for changes of passwd, shadow, group and sudoers.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.audit.enable"},
		Facts: map[string]Class{
			check.FactAuditInstalled: Safe, check.FactAuditEnabled: Safe, check.FactAuditDaemon: Safe, check.FactAuditBoot: Safe, check.FactAuditMissing: Safe,
		},
	},
	{
		ID:        check.LinuxEmptyPassword,
		Title:     "Linux accounts without a password",
		DriftType: "linux_password_empty",
		Severity:  "critical",
		Citations: []string{"164.312(a)(2)(i)", "164.312(d)"},
		Advice:    "Give the account a password, or lock it.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.accounts.lock"},
		Facts:     map[string]Class{check.FactAccounts: Safe, check.FactEmptyPassword: Identifier},
	},
	{
		ID:        check.LogForwarding,
		Title:     "Log forwarding",
		DriftType: "log_forwarding_missing",
		Severity:  "high",
		Citations: []string{"164.312(b)", "164.308(a)(1)(ii)(D)"},
		Advice:    "Send the logs to another host over TCP, and look there whether they arrive.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.log.forward"},
		Facts:     map[string]Class{check.FactLogs: Safe, check.FactForwarder: Identifier},
		Parameters: []Parameter{
			{"log_host", "any", "The host that logs have to go to, as a name or IPv4 address; any is content with each, and then nothing can be set up."},
			{"log_port", "514", "The TCP port at which it takes logs."},
			{"allow_udp", "no", "Whether sending by UDP is enough: yes or no."},
			{"trust_agent", "no", "Whether a log agent that runs is believed to send: yes or no."},
		},
	},
	{
		ID:        check.SSHPasswordLogin,
		Title:     "SSH password login",
		DriftType: "ssh_password_login_allowed",
		Severity:  "high",
		Citations: []string{"164.312(d)", "164.312(a)(1)"},
		Advice:    "Give everybody a key, then set PasswordAuthentication and KbdInteractiveAuthentication to no in a drop-in of sshd_config.d.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.ssh_password.forbid"},
		Facts: map[string]Class{
			check.FactPasswordLogin: Safe, check.FactAskedLogin: Safe, check.FactKeyAlways: Safe, check.FactMatchPassword: Safe,
		},
	},
	{
		ID:        check.SSHSessions,
		Title:     "SSH sessions",
		DriftType: "ssh_sessions_unlimited",
		Severity:  "medium",
		Citations: []string{"164.312(a)(2)(iii)", "164.308(a)(5)(ii)(C)"},
		Advice:    "Set MaxAuthTries, ClientAliveInterval and ClientAliveCountMax in a drop-in of sshd_config.d.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.ssh_session.limit"},
		Facts:     map[string]Class{check.FactMaxAuthTries: Safe, check.FactAliveInterval: Safe, check.FactAliveCount: Safe},
		Parameters: []Parameter{
			{"max_auth_tries", "4", "How many tries one connection has."},
			{"max_idle_seconds", "900", "After how many seconds without an answer of its client a session ends."},
		},
	},
}
