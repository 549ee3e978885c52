package check

// everywhere has the checks that more than one system has. Where readers of two
// systems give different facts, the judge goes by the facts that are there.
var everywhere = []definition{
	{DiskSpace, []string{FactVolume}, diskParameters, judgeDisk},
	{
		PendingReboot,
		[]string{FactRebootRequired, FactRebootPackages, FactKernelRunning, FactKernelInstalled},
		nil, judgeReboot,
	},
	{RMMDetection, []string{FactListVersion, FactListExpired, FactProduct}, rmmParameters, judgeRMM},
	{
		TimeSync,
		[]string{
			FactClockUnsynchronised, FactClockMaxError, FactMacState,
			factHost, FactOwner, FactService, FactTimeType, FactTimeTypePolicy, FactTimeServer, FactTimeServerPolicy,
			FactTimeClient, FactTimeClientPolicy, FactTimeDomain, FactClockOffset, FactClockOffset + ErrorSuffix,
		},
		timeParameters, judgeTime,
	},
}
