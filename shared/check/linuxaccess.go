//go:build !osiris_agent

package check

// The checks of Linux servers about who gets in, and what is seen of it. Only the appliance judges them.
const (
	LinuxAccounts      ID = "linux_accounts"
	LinuxAudit         ID = "linux_audit"
	LinuxEmptyPassword ID = "linux_empty_password"
	LogForwarding      ID = "log_forwarding"
	SSHPasswordLogin   ID = "sshd_password_login"
	SSHSessions        ID = "sshd_sessions"
)

var linuxAccess = []definition{
	{LinuxAccounts, accountsParameters, judgeRemote},
	{LinuxAudit, nil, judgeRemote},
	{LinuxEmptyPassword, nil, judgeRemote},
	{LogForwarding, forwardingParameters, judgeRemote},
	{SSHPasswordLogin, nil, judgeRemote},
	{SSHSessions, sessionsParameters, judgeSessions},
}

// linuxAccessRulings are what the judges of these checks read (row.go).
var linuxAccessRulings = map[ID]string{
	LinuxAccounts:      accountsRulings,
	LinuxAudit:         linuxAuditRulings,
	LinuxEmptyPassword: emptyPasswordRulings,
	LogForwarding:      forwardingRulings,
	SSHPasswordLogin:   sshPasswordRulings,
}

// linuxAccessFacts are the names of each check's facts.
var linuxAccessFacts = map[ID][]string{
	LinuxAccounts:      {FactAccounts, FactSuperuser, FactSameID, FactAccount, FactAccountMore, FactLockout},
	LinuxAudit:         {FactAuditInstalled, FactAuditEnabled, FactAuditDaemon, FactAuditBoot, FactAuditMissing},
	LinuxEmptyPassword: {FactAccounts, FactEmptyPassword},
	LogForwarding:      {FactLogs, FactForwarder},
	SSHPasswordLogin:   {FactPasswordLogin, FactAskedLogin, FactKeyAlways, FactMatchPassword},
	SSHSessions:        {FactMaxAuthTries, FactAliveInterval, FactAliveCount},
	SysctlHardening:    sysctlRunningFacts(),
}

func sysctlRunningFacts() []string {
	var names []string
	for _, p := range sysctlParameters {
		names = append(names, p.Name+SysctlRunningSuffix)
	}
	return names
}
