package check

// windowsRole has the checks of Windows whose verdict depends on the host's role,
// and those of its policies.
var windowsRole = []definition{
	{AccountLockout, []string{factHost, FactOwner, FactRules}, lockoutParameters, judgeRules},
	{AuditPolicy, auditFacts, auditParameters, judgeAudit},
	{CriticalServices, []string{factHost, FactService}, serviceParameters, judgeWindows},
	{PasswordPolicy, []string{factHost, FactOwner, FactRules}, passwordParameters, judgeRules},
	{
		Spooler,
		[]string{factHost, FactService, FactPrinter, FactPrinter + ErrorSuffix, FactSpoolerRPC, FactDriverAdmins},
		spoolerParameters, judgeWindows,
	},
}
