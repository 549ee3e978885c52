package catalog

import "github.com/osiriscare/osiris/shared/check"

// withHost adds the classes of the facts about the host and about the setting's
// owner to a check's own.
func withHost(classes map[string]Class) map[string]Class {
	for _, fact := range []string{
		check.FactProductType, check.FactDomainRole, check.FactSystemDrive, check.FactEdition,
		check.FactBuild, check.FactRevision, check.FactOwner, check.FactOwner + check.ErrorSuffix,
	} {
		classes[fact] = Safe
	}
	return classes
}

// windowsOnly lists the checks that only Windows has.
var windowsOnly = []Check{
	{
		ID:             check.Firewall,
		Title:          "Windows Firewall",
		DriftType:      "firewall_disabled",
		Severity:       "critical",
		Citations:      []string{"164.312(a)(1)", "164.312(e)(1)", "164.308(a)(1)(ii)(B)"},
		Advice:         "Turn the Domain, Private and Public profiles on.",
		Platforms:      []string{"windows"},
		Runbooks:       map[string]string{"windows": "windows.firewall.enable"},
		SensorCheckIDs: []string{"RB-WIN-FIREWALL-001"},
		Facts: withHost(map[string]Class{
			"disabled_profiles": Safe, "all_profiles": Safe,
			check.FactProfile: Safe, check.FactProfile + check.ErrorSuffix: Safe, check.FactService: Safe,
			check.FactSecurityProduct: Identifier, check.FactSecurityProduct + check.ErrorSuffix: Safe,
		}),
	},
	{
		ID:             check.Defender,
		Title:          "Malware protection",
		DriftType:      "defender_stopped",
		Severity:       "critical",
		Citations:      []string{"164.308(a)(5)(ii)(B)", "164.308(a)(1)(ii)(B)"},
		Advice:         "Start Microsoft Defender with real-time protection, or confirm which product replaces it.",
		Platforms:      []string{"windows"},
		Runbooks:       map[string]string{"windows": "windows.defender.enable"},
		SensorCheckIDs: []string{"RB-WIN-AV-001"},
		Facts: withHost(map[string]Class{
			check.FactDefender: Safe, check.FactDefender + check.ErrorSuffix: Safe,
			check.FactDefenderMode: Safe, check.FactDefenderMode + check.ErrorSuffix: Safe,
			check.FactService: Safe, check.FactOtherService: Safe,
			check.FactSecurityProduct: Identifier, check.FactSecurityProduct + check.ErrorSuffix: Safe,
		}),
		Parameters: []Parameter{
			{"max_signature_age_days", "7", "Age of Defender's signatures that still passes, in days."},
		},
	},
	{
		ID:             "spooler",
		Title:          "Print spooler exposure",
		DriftType:      "spooler_running",
		Severity:       "high",
		Citations:      []string{"164.308(a)(1)(ii)(B)"},
		Advice:         "Disable the spooler on domain controllers and servers without printers. A workstation needs it to print: there set the policy that it accepts no client connections.",
		Platforms:      []string{"windows"},
		Runbooks:       map[string]string{"windows": "windows.spooler.disable"},
		SensorCheckIDs: []string{"RB-WIN-SVC-001"},
		Facts:          spoolerFacts,
		Parameters:     spoolerParameters,
	},
	{
		ID:             "critical_services",
		Title:          "Critical services",
		DriftType:      "critical_service_stopped",
		Severity:       "high",
		Citations:      []string{"164.308(a)(1)(ii)(D)", "164.312(b)", "164.308(a)(7)(ii)(C)"},
		Advice:         "Start the stopped services and find out why they stopped.",
		Platforms:      []string{"windows"},
		Runbooks:       map[string]string{"windows": "windows.services.start"},
		SensorCheckIDs: []string{"RB-WIN-SVC-002"},
		Facts:          serviceFacts,
		Parameters:     serviceParameters,
	},
	{
		ID:             check.GuestAccount,
		Title:          "Guest account",
		DriftType:      "guest_account_enabled",
		Severity:       "high",
		Citations:      []string{"164.312(a)(2)(i)", "164.312(d)", "164.308(a)(4)(ii)(B)"},
		Advice:         "Disable the built-in guest account (the one whose SID ends in -501).",
		Platforms:      []string{"windows"},
		Runbooks:       map[string]string{"windows": "windows.guest.disable"},
		SensorCheckIDs: []string{"RB-WIN-SEC-002"},
		Facts:          withHost(map[string]Class{check.FactGuest: Identifier}),
	},
	{
		ID:             check.SMBv1,
		Title:          "SMB version 1",
		DriftType:      "smbv1_enabled",
		Severity:       "critical",
		Citations:      []string{"164.308(a)(1)(ii)(B)", "164.312(e)(1)"},
		Advice:         "Turn SMBv1 off, after checking that no old scanner or copier still needs it.",
		Platforms:      []string{"windows"},
		Runbooks:       map[string]string{"windows": "windows.smbv1.disable"},
		SensorCheckIDs: []string{"RB-WIN-SEC-004"},
		Facts: withHost(map[string]Class{
			check.FactSMBServer: Safe, check.FactSMBServer + check.ErrorSuffix: Safe, check.FactSMB1: Safe,
			check.FactService: Safe, check.FactSMBFeature: Safe, check.FactSMBFeature + check.ErrorSuffix: Safe,
		}),
	},
	{
		ID:             "audit_policy",
		Title:          "Audit policy",
		DriftType:      "audit_policy_disabled",
		Severity:       "high",
		Citations:      []string{"164.312(b)", "164.308(a)(1)(ii)(D)", "164.308(a)(5)(ii)(C)"},
		Advice:         "Turn the required audit subcategories on, in group policy where it owns them.",
		Platforms:      []string{"windows"},
		Runbooks:       map[string]string{"windows": "windows.audit.enable"},
		SensorCheckIDs: []string{"RB-WIN-SEC-005"},
		Facts:          auditFacts,
		Parameters:     auditParameters,
	},
	{
		ID:             "password_policy",
		Title:          "Password policy",
		DriftType:      "weak_password_policy",
		Severity:       "medium",
		Citations:      []string{"164.308(a)(5)(ii)(D)", "164.312(d)"},
		Advice:         "Raise the minimum password length; on domain members in the domain's policy.",
		Platforms:      []string{"windows"},
		Runbooks:       map[string]string{"windows": "windows.password.review"},
		SensorCheckIDs: []string{"RB-WIN-SEC-003"},
		Facts:          rulesFacts,
		Parameters:     passwordParameters,
	},
	{
		ID:             "account_lockout",
		Title:          "Account lockout",
		DriftType:      "no_account_lockout",
		Severity:       "medium",
		Citations:      []string{"164.312(a)(1)", "164.308(a)(5)(ii)(C)"},
		Advice:         "Lock accounts after at most 10 wrong passwords; on domain members in the domain's policy.",
		Platforms:      []string{"windows"},
		Runbooks:       map[string]string{"windows": "windows.lockout.review"},
		SensorCheckIDs: []string{"RB-WIN-SEC-006"},
		Facts:          rulesFacts,
		Parameters:     lockoutParameters,
	},
	{
		ID:        check.BitLocker,
		Title:     "Disk encryption (BitLocker)",
		DriftType: "disk_not_encrypted",
		Severity:  "critical",
		Citations: []string{"164.312(a)(2)(iv)", "164.310(d)(1)"},
		Advice:    "Resume or turn on encryption of the system and data volumes, with the recovery key kept safe first.",
		Platforms: []string{"windows"},
		Runbooks:  map[string]string{"windows": "windows.bitlocker.resume"},
		Facts: withHost(map[string]Class{
			check.FactEncryptable: Identifier, check.FactEncryptable + check.ErrorSuffix: Safe, check.FactFixedDisk: Safe,
		}),
		Parameters: []Parameter{
			{"data_volumes", "yes", "Whether volumes on fixed disks beside the system's count: yes or no."},
			{"server_without_feature", "not_applicable", "What a server without BitLocker is: not_applicable or fail."},
		},
	},
}
