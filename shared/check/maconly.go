package check

// macOnly has the checks that only macOS has.
var macOnly = []definition{
	{FileVault, nil, judgeMac},
	{Gatekeeper, nil, judgeMac},
	{MacAdmins, adminParameters, judgeMac},
	{MacFirewall, nil, judgeMac},
	{MacSharing, sharingParameters, judgeMac},
	{RemoteLogin, sharingParameters, judgeMac},
	{SIP, nil, judgeMac},
	{SoftwareUpdate, updateParameters, judgeMac},
	{XProtect, xprotectParameters, judgeMac},
}
