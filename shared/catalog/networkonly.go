package catalog

import "github.com/osiriscare/osiris/shared/check"

// networkOnly lists the checks of what answers on the network. What they find is a
// person's to change: there is no road to a device that only answers.
var networkOnly = []Check{
	{
		ID:        check.NetworkRemoteAccess,
		Title:     "Remote access from the network",
		DriftType: "network_remote_access_exposed",
		Severity:  "high",
		Citations: []string{"164.312(e)(1)", "164.312(d)", "164.308(a)(1)(ii)(B)"},
		Advice: "Switch Telnet and VNC off or put them behind a VPN; require Network Level Authentication for Remote Desktop; " +
			"forbid version 1 of SSH.",
		Platforms: []string{"network"},
		Facts:     map[string]Class{check.FactAsked: Safe, check.FactAnswers: Safe, check.FactUnfinished: Identifier, check.FactListens: Identifier},
		Parameters: []Parameter{
			{"rdp", "nla", "Which Remote Desktop may answer: nla, one with Network Level Authentication, or no, none."},
		},
	},
	{
		ID:        check.NetworkFileSharing,
		Title:     "File sharing from the network",
		DriftType: "network_file_sharing_exposed",
		Severity:  "high",
		Citations: []string{"164.312(e)(1)", "164.308(a)(1)(ii)(B)"},
		Advice:    "Switch SMB 1 off on the device, and FTP off or to FTPS; replace a device that can do neither.",
		Platforms: []string{"network"},
		Facts:     map[string]Class{check.FactAsked: Safe, check.FactAnswers: Safe, check.FactUnfinished: Identifier, check.FactListens: Identifier},
		Parameters: []Parameter{
			{"smb", "new", "Which SMB may answer: new, version 2 or later, or no, none."},
		},
	},
	{
		ID:        check.NetworkDatabases,
		Title:     "Databases in reach of the network",
		DriftType: "network_database_exposed",
		Severity:  "critical",
		Citations: []string{"164.312(a)(1)", "164.308(a)(1)(ii)(B)"},
		Advice:    "Let the database listen on loopback or only to the hosts that need it, and require a password.",
		Platforms: []string{"network"},
		Facts:     map[string]Class{check.FactAsked: Safe, check.FactAnswers: Safe, check.FactUnfinished: Identifier, check.FactListens: Identifier},
		Parameters: []Parameter{
			{"allow", "no", "Whether databases that ask for a password may be reached: yes or no."},
		},
	},
	{
		ID:        check.NetworkTLS,
		Title:     "Old versions of TLS",
		DriftType: "network_tls_weak",
		Severity:  "medium",
		Citations: []string{"164.312(e)(2)(ii)", "164.312(e)(1)"},
		Advice:    "Set the service to TLS 1.2 and newer only; renew the firmware of a device that cannot.",
		Platforms: []string{"network"},
		Facts: map[string]Class{
			check.FactAsked: Safe, check.FactAnswers: Safe, check.FactUnfinished: Identifier, check.FactListens: Identifier, check.FactTLS: Identifier,
		},
		Parameters: []Parameter{
			{"plain_http", "yes", "Whether a web page may answer without TLS: yes or no."},
		},
	},
	{
		ID:        check.NetworkCertificates,
		Title:     "Expiry and keys of TLS services",
		DriftType: "network_certificate_expiring",
		Severity:  "medium",
		Citations: []string{"164.312(e)(2)(ii)", "164.312(e)(1)"},
		Advice:    "Renew what the service proves its name with before it expires, with a key of 2048 bits RSA or 256 bits ECDSA at least.",
		Platforms: []string{"network"},
		Facts: map[string]Class{
			check.FactAsked: Safe, check.FactAnswers: Safe, check.FactUnfinished: Identifier, check.FactListens: Identifier, check.FactCertificate: Identifier,
		},
		Parameters: []Parameter{
			{"min_days", "30", "For how many days a certificate must stay valid."},
		},
	},
	{
		ID:        check.NetworkDevices,
		Title:     "New devices on the network",
		DriftType: "network_device_new",
		Severity:  "low",
		Advice:    "Find out whose device it is. When it belongs here, say so: osiris-appliance network know MAC.",
		Platforms: []string{"network"},
		Inventory: true,
		Facts: map[string]Class{
			check.FactDeviceAddress: Identifier, check.FactDeviceMAC: Identifier, check.FactDeviceVendor: Identifier,
			check.FactDeviceRandom: Safe, check.FactDeviceSince: Safe, check.FactDeviceNew: Safe, check.FactDeviceAlso: Identifier,
		},
	},
}
