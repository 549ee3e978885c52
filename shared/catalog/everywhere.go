package catalog

import "github.com/osiriscare/osiris/shared/check"

// everywhere lists the checks that more than one platform has.
var everywhere = []Check{
	{
		ID:             check.DiskSpace,
		Title:          "Free disk space",
		DriftType:      "low_disk_space",
		Severity:       "high",
		Citations:      []string{"164.308(a)(7)(i)", "164.312(b)"},
		Advice:         "Free space on the volume or enlarge it. Keep audit logs: they are evidence.",
		Platforms:      []string{"windows", "darwin", "linux"},
		Runbooks:       map[string]string{"windows": "windows.disk.clean", "linux": "linux.disk.clean"},
		SensorCheckIDs: []string{"RB-WIN-STOR-001"},
		Facts:          map[string]Class{check.FactVolume: Identifier, check.FactVolumeLow: Identifier},
		Parameters: []Parameter{
			{"critical_percent", "5", "Free share below which a volume's shortage is critical, in percent."},
			{"high_percent", "10", "Free share below which a volume is short of space, in percent."},
			{"enough_mb", "51200", "Free space from which a volume passes whatever the share, in MB."},
			{"ignore_below_mb", "1024", "Volumes smaller than this are ignored, but for the system's, in MB."},
		},
	},
	{
		ID:             check.TimeSync,
		Title:          "Clock synchronisation",
		DriftType:      "time_sync_failed",
		Severity:       "high",
		Citations:      []string{"164.312(b)", "164.312(c)(1)"},
		Advice:         "Start the time service and point it at a reachable time source.",
		Platforms:      []string{"windows", "darwin", "linux"},
		Runbooks:       map[string]string{"windows": "windows.time.resync", "linux": "linux.time.enable"},
		SensorCheckIDs: []string{"RB-WIN-NET-002"},
		Facts:          timeFacts,
		Parameters:     timeParameters,
	},
	{
		ID:             check.PendingReboot,
		Title:          "Pending reboot",
		DriftType:      "pending_reboot",
		Severity:       "medium",
		Citations:      []string{"164.308(a)(1)(ii)(B)", "164.308(a)(5)(ii)(B)"},
		Advice:         "Restart the computer in its maintenance window so that installed updates take effect.",
		Platforms:      []string{"windows", "linux"},
		Runbooks:       map[string]string{"windows": "windows.reboot.schedule", "linux": "linux.reboot.review"},
		SensorCheckIDs: []string{"RB-WIN-UPD-002"},
		Facts: map[string]Class{
			check.FactRebootRequired: Safe, check.FactRebootPackages: Identifier,
			check.FactKernelRunning: Identifier, check.FactKernelInstalled: Identifier,
			check.FactRebootWU: Safe, check.FactRebootServicing: Safe, check.FactRebootInProgress: Safe, check.FactRebootCBS: Safe,
			check.FactNetlogonJoin: Identifier, check.FactNetlogonSPN: Safe, check.FactComputerName: Identifier,
			check.FactActiveName: Identifier, check.FactPendingRenames: Safe,
		},
	},
	{
		ID:        check.Patches,
		Title:     "Security updates",
		DriftType: "patches_missing",
		Severity:  "high",
		Citations: []string{"164.308(a)(1)(ii)(B)", "164.308(a)(5)(ii)(B)"},
		Advice:    "Install the pending security updates.",
		Platforms: []string{"windows", "darwin", "linux"},
		Runbooks:  map[string]string{"windows": "windows.patches.review"},
		Facts: withHost(map[string]Class{
			check.FactDate: Safe, check.FactPendingUpdate: Safe, check.FactPendingUpdate + check.ErrorSuffix: Safe,
			check.FactHotfix: Safe, check.FactHotfix + check.ErrorSuffix: Safe,
		}),
		Parameters: []Parameter{
			{"max_pending_days", "30", "How long a security update may wait after its publication, in days."},
			{"max_age_days", "45", "Age of the last installed update that still passes, in days."},
			{"support_home_pro", "19045=2025-10-14,22000=2023-10-10,22621=2024-10-08,22631=2025-11-11,26100=2026-10-13,26200=2027-10-12", supportDoc},
			{"support_enterprise", "19045=2025-10-14,22000=2024-10-08,22621=2025-10-14,22631=2026-11-10,26100=2027-10-12,26200=2028-10-10", supportDoc},
			{"support_server", "14393=2027-01-12,17763=2029-01-09,20348=2031-10-14,25398=2025-10-24,26100=2034-10-10", supportDoc},
			{"support_ltsc", "10240=2025-10-14,14393=2026-10-13,17763=2029-01-09,19044=2027-01-12,26100=2029-10-09", supportDoc},
		},
	},
	{
		ID:        check.ScreenLock,
		Title:     "Automatic screen lock",
		DriftType: "screen_lock_missing",
		Severity:  "medium",
		Citations: []string{"164.312(a)(2)(iii)", "164.310(c)"},
		Advice:    "Lock idle sessions within 15 minutes and ask for the password again.",
		Platforms: []string{"windows", "darwin"},
		Runbooks:  map[string]string{"windows": "windows.screenlock.enable"},
		Aliases:   []check.ID{"screenlock"},
		Facts: map[string]Class{
			check.FactOwner + check.ErrorSuffix: Safe, check.FactOwner: Safe, check.FactInactivity: Safe, check.FactDeviceLock: Safe, check.FactLockDisabled: Safe,
			check.FactScreenPolicy: Identifier, check.FactScreenChoice: Identifier, check.FactPersonsLock: Identifier,
			check.FactLockDelay: Safe, check.FactSaverIdle: Safe, check.FactDisplaySleep: Safe,
		},
		Parameters: []Parameter{
			{"max_idle_seconds", "900", "How long an idle session may stay open, in seconds."},
		},
	},
	{
		ID:        check.RMMDetection,
		Title:     "Remote management software",
		DriftType: "rmm_detected",
		Severity:  "low",
		Advice:    "Compare with the list of remote access tools the practice has agreed to.",
		Platforms: []string{"windows", "darwin", "linux"},
		Inventory: true,
		Facts: map[string]Class{
			check.FactListVersion: Safe, check.FactListExpired: Safe, check.FactProduct: Identifier,
		},
		Parameters: []Parameter{
			{"allowed", "", "Products the practice has agreed to: ids parted by commas; id:instance allows one instance only."},
		},
	},
}

const supportDoc = "Builds of Windows and the day their support ends, as BUILD=YYYY-MM-DD parted by commas."
