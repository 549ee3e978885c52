package check

// macOnly has the checks that only macOS has.
var macOnly = []definition{
	{FileVault, []string{FactMacState}, nil, judgeState},
	{Gatekeeper, []string{FactMacState}, nil, judgeState},
	{MacAdmins, []string{FactAdmin}, adminParameters, judgeAdmins},
	{MacFirewall, []string{FactMacState, FactOwner}, nil, judgeState},
	{MacSharing, []string{FactServicesListed, FactSharedService}, sharingParameters, judgeSharing},
	{RemoteLogin, []string{FactServicesListed, FactSharedService}, sharingParameters, judgeSharing},
	{SIP, []string{FactMacState}, nil, judgeState},
	{SoftwareUpdate, updateFacts, updateParameters, judgeUpdate},
	{XProtect, xprotectFacts, xprotectParameters, judgeXProtect},
}
