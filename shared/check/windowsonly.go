package check

// windowsOnly has the checks that only Windows has.
var windowsOnly = []definition{
	{BitLocker, bitlockerParameters, judgeWindows},
	{Defender, defenderParameters, judgeWindows},
	{Firewall, nil, judgeWindows},
	{GuestAccount, nil, judgeWindows},
	{Patches, patchesParameters, judgePatches},
	{SMBv1, nil, judgeWindows},
}
