package check

// windowsOnly has the checks that only Windows has.
var windowsOnly = []definition{
	{
		Firewall,
		[]string{factHost, FactOwner, FactProfile, FactProfile + ErrorSuffix, FactService, FactSecurityProduct, FactSecurityProduct + ErrorSuffix},
		nil, judgeFirewall,
	},
}
