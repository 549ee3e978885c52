package check

// windowsRole has the checks of Windows whose verdict depends on the host's role,
// and those of its policies.
var windowsRole = []definition{
	{
		AccountLockout,
		[]string{factHost, FactOwner, FactLockoutThreshold, FactLockoutDuration, FactLockoutWindow},
		lockoutParameters, judgeLockout,
	},
	{AuditPolicy, auditFacts, auditParameters, judgeAudit},
	{CriticalServices, []string{factHost, FactService}, serviceParameters, judgeServices},
	{
		PasswordPolicy,
		[]string{factHost, FactOwner, FactPasswordLength, FactPasswordMaxAge, FactPasswordMinAge, FactPasswordHistory},
		passwordParameters, judgePassword,
	},
	{
		Spooler,
		[]string{factHost, FactService, FactPrinter, FactPrinter + ErrorSuffix, FactSpoolerRPC, FactDriverAdmins},
		spoolerParameters, judgeSpooler,
	},
}
