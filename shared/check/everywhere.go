package check

// everywhere has the checks that more than one system has. Where readers of two
// systems give different facts, the judge goes by the facts that are there.
var everywhere = []definition{
	{DiskSpace, diskParameters, judgeDisk},
	{PendingReboot, nil, judgeReboot},
	{RMMDetection, rmmParameters, judgeRMM},
	{ScreenLock, screenLockParameters, judgeScreenLock},
	{TimeSync, timeParameters, judgeTime},
}
