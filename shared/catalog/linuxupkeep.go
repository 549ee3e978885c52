package catalog

import "github.com/osiriscare/osiris/shared/check"

// linuxUpkeep lists the checks of Linux servers about how they are kept. Agents do
// not have them.
var linuxUpkeep = []Check{
	{
		ID:        check.LinuxBackup,
		Title:     "Backup of a Linux server",
		DriftType: "linux_backup_missing",
		Severity:  "high",
		Citations: []string{"164.308(a)(7)(ii)(A)", "164.310(d)(2)(iv)"},
		Advice: "Run the backup, and read in the journal why the last one failed. A job that systemd does not run can touch " +
			"/var/lib/osiris/backup/NAME.success when it succeeds.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.backup.run"},
		Facts:     map[string]Class{check.FactBackupsLooked: Safe, check.FactBackup: Identifier},
		Parameters: []Parameter{
			{"max_age_hours", "26", "Age of each last backup that still passes, in hours."},
			{"required", "yes", "Whether a server without any backup fails: yes or no."},
		},
	},
	{
		ID:        check.LinuxCertificates,
		Title:     "Expiry of TLS keys of servers",
		DriftType: "server_certificate_expiring",
		Severity:  "high",
		Citations: []string{"164.312(e)(1)", "164.312(e)(2)(ii)"},
		Advice:    "Renew what expires and reload the server that uses it; find out why nothing renewed it by itself.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.certificates.renew"},
		Facts:     map[string]Class{check.FactServerCertificate: Identifier, check.FactServerCertificateUnread: Identifier},
		Parameters: []Parameter{
			{"min_days", "30", "How long a certificate must last yet, in days."},
			{"min_days_renewed", "20", "How long one must last yet that a program renews, in days."},
		},
	},
	{
		ID:        check.LinuxEncryption,
		Title:     "Disk encryption of a Linux server",
		DriftType: "linux_disk_plain",
		Severity:  "high",
		Citations: []string{"164.312(a)(2)(iv)", "164.310(d)(1)"},
		Advice:    "Move the data to an encrypted volume (LUKS): a disk cannot be encrypted in place without a backup and a window.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.encryption.review"},
		Facts: map[string]Class{
			check.FactVirtual: Safe, check.FactEncrypted: Identifier, check.FactPlain: Identifier,
			check.FactPlainSwap: Identifier, check.FactUnreadVolume: Identifier,
		},
		Parameters: []Parameter{
			{"hypervisor", "no", "Whether the hypervisor or cloud encrypts the disks of virtual machines: yes or no."},
		},
	},
	{
		ID:        check.LinuxIntegrity,
		Title:     "Malware protection and integrity",
		DriftType: "linux_integrity_weak",
		Severity:  "high",
		Citations: []string{"164.308(a)(5)(ii)(B)", "164.312(c)(1)"},
		Advice: "Install protection from malware and what notices changed files. Switch SELinux to enforcing only after its log " +
			"says that nothing needed would be refused.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.integrity.start"},
		Facts: map[string]Class{
			check.FactGuard: Identifier, check.FactSignatureAge: Safe, check.FactWatcher: Identifier,
			check.FactWatcherAge: Safe, check.FactMandatoryAccess: Safe,
		},
		Parameters: []Parameter{
			{"max_signature_hours", "72", "Age of ClamAV's signatures that still passes, in hours."},
			{"max_watcher_hours", "4320", "Age of the list that AIDE compares files with that still passes, in hours."},
			{"require_guard", "yes", "Whether a server needs protection from malware: yes or no."},
			{"require_watcher", "yes", "Whether something must notice changed files: yes or no."},
		},
	},
	{
		ID:        check.LinuxLegacy,
		Title:     "Telnet and rsh",
		DriftType: "legacy_login_enabled",
		Severity:  "critical",
		Citations: []string{"164.312(e)(1)", "164.312(d)"},
		Advice:    "Switch telnet, rsh, rlogin and rexec off and let what used them use SSH.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.legacy.disable"},
		Facts:     map[string]Class{check.FactListenersRead: Safe, check.FactLegacy: Identifier},
	},
	{
		ID:        check.LinuxPatches,
		Title:     "Security updates of a Linux server",
		DriftType: "linux_patches_missing",
		Severity:  "high",
		Citations: []string{"164.308(a)(1)(ii)(B)", "164.308(a)(5)(ii)(B)"},
		Advice:    "Install the security updates in a maintenance window and let the system fetch them by itself from now on.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.patches.install"},
		Facts: map[string]Class{
			check.FactPackageManager: Safe, check.FactSecurityCount: Safe, check.FactSecurityUpdate: Identifier,
			check.FactSecuritySource: Safe, check.FactListAge: Safe,
			check.FactSupportEnd: Safe, check.FactSupportEnded: Safe,
		},
		Parameters: []Parameter{
			{"max_list_hours", "72", "Age of the list of updates that is still believed, in hours."},
			{"max_waiting", "0", "How many security updates may wait."},
		},
	},
	{
		ID:        check.LinuxPermissions,
		Title:     "Permissions of system files",
		DriftType: "file_permissions_weak",
		Severity:  "high",
		Citations: []string{"164.312(c)(1)", "164.312(a)(1)"},
		Advice:    "Give the files back to root and take the rights of others away; find out what changed them.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.permissions.restrict"},
		Facts: map[string]Class{
			check.FactFile: Identifier, check.FactWorldWritable: Identifier, check.FactWorldWritableCount: Safe,
		},
	},
	{
		ID:        check.LinuxRestoreTest,
		Title:     "Tried restore",
		DriftType: "restore_untested",
		Severity:  "low",
		Citations: []string{"164.308(a)(7)(ii)(D)", "164.308(a)(7)(ii)(B)"},
		Advice:    "Restore something from the backup, look at it, and then touch /var/lib/osiris/backup/restored on the server.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.restore.review"},
		Facts:     map[string]Class{check.FactRestoreTest: Safe},
		Parameters: []Parameter{
			{"max_age_days", "400", "How long ago a restore may have been tried last, in days."},
		},
	},
	{
		ID:        check.LinuxScheduled,
		Title:     "Scheduled jobs and SUID programs",
		DriftType: "scheduled_unapproved",
		Severity:  "medium",
		Citations: []string{"164.308(a)(1)(ii)(D)"},
		Advice: "Look at each job and SUID program that no package explains, then add the digest that the check shows to the " +
			"policy's parameter approved.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.scheduled.review"},
		Facts: map[string]Class{
			check.FactEntriesDigest: Safe, check.FactEntryCount: Safe, check.FactEntry: Identifier, check.FactNotWalked: Identifier,
		},
		Parameters: []Parameter{
			{"approved", "none", "The digests of the sets that somebody has looked at, one for each host, with commas between."},
		},
	},
	{
		ID:        check.LinuxUnits,
		Title:     "Failed services of a Linux server",
		DriftType: "unit_failed",
		Severity:  "high",
		Citations: []string{"164.312(b)", "164.308(a)(7)(ii)(C)"},
		Advice:    "Read in the journal why the unit failed, mend that and start it.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.services.restart"},
		Facts:     map[string]Class{check.FactUnitCount: Safe, check.FactUnit: Identifier},
		Parameters: []Parameter{
			{"ignore", "none", "Units that may have failed, by their whole names, with commas between."},
		},
	},
}
