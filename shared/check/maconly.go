package check

// macOnly has the checks that only macOS has.
var macOnly = []definition{
	{FileVault, []string{FactMacState}, nil, judgeMac},
	{Gatekeeper, []string{FactMacState}, nil, judgeMac},
	{MacAdmins, []string{FactAdmin}, adminParameters, judgeMac},
	{MacFirewall, []string{FactMacState, FactOwner}, nil, judgeMac},
	{MacSharing, []string{FactServicesListed, FactSharedService}, sharingParameters, judgeMac},
	{RemoteLogin, []string{FactServicesListed, FactSharedService}, sharingParameters, judgeMac},
	{SIP, []string{FactMacState}, nil, judgeMac},
	{SoftwareUpdate, updateFacts, updateParameters, judgeMac},
	{XProtect, xprotectFacts, xprotectParameters, judgeMac},
}
