package check

// everywhere has the checks that more than one system has. Where readers of two
// systems give different facts, the judge goes by the facts that are there.
var everywhere = []definition{
	{DiskSpace, []string{FactVolume, FactVolumeLow}, diskParameters, judgeDisk},
	{
		PendingReboot,
		[]string{
			FactRebootRequired, FactRebootPackages, FactKernelRunning, FactKernelInstalled,
			FactRebootWU, FactRebootServicing, FactRebootInProgress, FactRebootCBS, FactNetlogonJoin, FactNetlogonSPN,
			FactComputerName, FactActiveName, FactPendingRenames,
		},
		nil, judgeReboot,
	},
	{RMMDetection, []string{FactListVersion, FactListExpired, FactProduct}, rmmParameters, judgeRMM},
	{
		ScreenLock,
		[]string{
			FactOwner, FactInactivity, FactDeviceLock, FactLockDisabled, FactScreenPolicy, FactScreenChoice, FactPersonsLock,
			FactLockDelay, FactSaverIdle, FactDisplaySleep,
		},
		screenLockParameters, judgeScreenLock,
	},
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
