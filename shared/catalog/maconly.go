package catalog

import "github.com/osiriscare/osiris/shared/check"

// macOnly lists the checks that only macOS has.
var macOnly = []Check{
	{
		ID:        check.FileVault,
		Title:     "Disk encryption (FileVault)",
		DriftType: "filevault_off",
		Severity:  "critical",
		Citations: []string{"164.312(a)(2)(iv)", "164.310(d)(1)"},
		Advice:    "Turn FileVault on, with the recovery key kept safe first; then wait until the disk is encrypted.",
		Platforms: []string{"darwin"},
		Facts:     map[string]Class{check.FactMacState: Safe},
	},
	{
		ID:        check.Gatekeeper,
		Title:     "Gatekeeper",
		DriftType: "gatekeeper_disabled",
		Severity:  "high",
		Citations: []string{"164.308(a)(5)(ii)(B)"},
		Advice:    "Turn the assessment of software on again: Privacy & Security, or spctl --global-enable.",
		Platforms: []string{"darwin"},
		Facts:     map[string]Class{check.FactMacState: Safe},
	},
	{
		ID:        check.MacAdmins,
		Title:     "Administrators of the Mac",
		DriftType: "mac_admin_unexpected",
		Severity:  "high",
		Citations: []string{"164.312(a)(1)", "164.308(a)(4)(ii)(B)"},
		Advice:    "Make accounts that need not administer this Mac standard ones, or add them to the site's list.",
		Platforms: []string{"darwin"},
		Facts:     map[string]Class{check.FactAdmin: Identifier},
		Parameters: []Parameter{
			{"allowed", "any", "Short names that may administer a Mac, between spaces, or any."},
			{"most", "3", "How many accounts may administer a Mac when allowed is any."},
		},
	},
	{
		ID:        check.MacFirewall,
		Title:     "Application firewall",
		DriftType: "mac_firewall_disabled",
		Severity:  "high",
		Citations: []string{"164.312(a)(1)", "164.312(e)(1)", "164.308(a)(1)(ii)(B)"},
		Advice:    "Turn the firewall on in Network settings; on a managed Mac in its configuration profile.",
		Platforms: []string{"darwin"},
		Runbooks:  map[string]string{"darwin": "darwin.firewall.enable"},
		Facts:     map[string]Class{check.FactMacState: Safe, check.FactOwner: Safe},
	},
	{
		ID:         check.MacSharing,
		Title:      "Sharing services",
		DriftType:  "mac_sharing_enabled",
		Severity:   "medium",
		Citations:  []string{"164.312(a)(1)", "164.308(a)(1)(ii)(B)"},
		Advice:     "Turn off in Sharing settings what nobody uses, or add it to the site's list.",
		Platforms:  []string{"darwin"},
		Facts:      sharingFacts,
		Parameters: sharingParameters,
	},
	{
		ID:         check.RemoteLogin,
		Title:      "Remote login (SSH)",
		DriftType:  "remote_login_enabled",
		Severity:   "medium",
		Citations:  []string{"164.312(d)", "164.312(a)(1)"},
		Advice:     "Turn Remote Login off in Sharing settings, or agree to it for the site.",
		Platforms:  []string{"darwin"},
		Facts:      sharingFacts,
		Parameters: sharingParameters,
	},
	{
		ID:        check.SIP,
		Title:     "System Integrity Protection",
		DriftType: "sip_disabled",
		Severity:  "high",
		Citations: []string{"164.312(c)(1)", "164.308(a)(5)(ii)(B)"},
		Advice:    "Start the Mac in recovery mode and run csrutil enable; find out who turned it off.",
		Platforms: []string{"darwin"},
		Facts:     map[string]Class{check.FactMacState: Safe},
	},
	{
		ID:        check.SoftwareUpdate,
		Title:     "Software update",
		DriftType: "mac_update_missing",
		Severity:  "high",
		Citations: []string{"164.308(a)(1)(ii)(B)", "164.308(a)(5)(ii)(B)"},
		Advice:    "Install the pending updates and let macOS look for them and install security responses by itself.",
		Platforms: []string{"darwin"},
		Facts: map[string]Class{
			check.FactMacVersion: Safe, check.FactUpdatesSeen: Safe, check.FactUpdateName: Identifier,
			check.FactUpdateOffer: Identifier, check.FactOwner: Safe, check.FactCheckEnabled: Safe,
			check.FactCritical: Safe, check.FactConfigData: Safe, "AutomaticDownload": Safe,
			"AutomaticallyInstallMacOSUpdates": Safe,
		},
		Parameters: []Parameter{
			{"oldest_version", "15", "Oldest major version of macOS that still gets security updates."},
			{"grace_days", "14", "How long an update may wait after macOS first offered it, in days."},
			{"max_check_days", "14", "How long ago macOS may last have looked for updates, in days."},
		},
	},
	{
		ID:        check.XProtect,
		Title:     "Malware protection (XProtect)",
		DriftType: "xprotect_outdated",
		Severity:  "medium",
		Citations: []string{"164.308(a)(5)(ii)(B)", "164.308(a)(1)(ii)(B)"},
		Advice:    "Let macOS install security responses and system files; run xprotect update as root.",
		Platforms: []string{"darwin"},
		Facts: map[string]Class{
			check.FactXProtectVersion: Safe, check.FactXProtectAge: Safe, check.FactConfigData: Safe,
			check.FactServicesListed: Safe, check.FactMalwareProduct: Identifier,
		},
		Parameters: []Parameter{
			{"max_age_days", "45", "Age from which the malware rules are out of date, in days."},
			{"require_product", "no", "Whether another malware protection must run as well: yes or no."},
		},
	},
}

// Both checks of services look at the same facts.
var (
	sharingFacts      = map[string]Class{check.FactServicesListed: Safe, check.FactSharedService: Safe}
	sharingParameters = []Parameter{{"allowed", "none", sharingDoc}}
)

const sharingDoc = "Services that may run, between spaces: remote_login, file_sharing, screen_sharing, remote_management, remote_events, web_server, nfs; any, or none."
