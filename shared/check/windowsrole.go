package check

// windowsRole has the checks of Windows whose verdict depends on the host's role,
// and those of its policies.
var windowsRole = []definition{
	{AccountLockout, lockoutParameters, judgeRules},
	{AuditPolicy, auditParameters, judgeAudit},
	{CriticalServices, serviceParameters, judgeWindows},
	{PasswordPolicy, passwordParameters, judgeRules},
	{Spooler, spoolerParameters, judgeWindows},
}
