package check

// windowsOnly has the checks that only Windows has.
var windowsOnly = []definition{
	{BitLocker, []string{factHost, FactEncryptable, FactEncryptable + ErrorSuffix, FactFixedDisk}, bitlockerParameters, judgeWindows},
	{
		Defender,
		[]string{
			factHost, FactOwner, FactDefender, FactDefender + ErrorSuffix, FactDefenderMode, FactDefenderMode + ErrorSuffix,
			FactService, FactOtherService, FactSecurityProduct, FactSecurityProduct + ErrorSuffix,
		},
		defenderParameters, judgeWindows,
	},
	{
		Firewall,
		[]string{factHost, FactOwner, FactProfile, FactProfile + ErrorSuffix, FactService, FactSecurityProduct, FactSecurityProduct + ErrorSuffix},
		nil, judgeWindows,
	},
	{GuestAccount, []string{factHost, FactGuest}, nil, judgeWindows},
	{Patches, []string{factHost, FactDate, FactPendingUpdate, FactPendingUpdate + ErrorSuffix, FactHotfix, FactHotfix + ErrorSuffix}, patchesParameters, judgePatches},
	{
		SMBv1,
		[]string{factHost, FactSMBServer, FactSMBServer + ErrorSuffix, FactSMB1, FactService, FactSMBFeature, FactSMBFeature + ErrorSuffix},
		nil, judgeWindows,
	},
}
