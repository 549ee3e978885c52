//go:build !osiris_agent

package check

// Facts of linux_backup and linux_restore_test. FactBackup has the fields Product
// and AgeHours that it has on Windows, and State: job for one of systemd's, stamp
// for a file that a site's own job touches when it succeeds, cron for a job that
// nobody sees succeed, agent for a program whose server knows.
const (
	FactBackupsLooked = "backups_looked" // yes
	// FactRestoreTest is a row: AgeDays since somebody recorded that a restore was
	// tried, or nothing if none was.
	FactRestoreTest = "restore_test"
)

var (
	linuxBackupParameters  = []Parameter{{"max_age_hours", "26"}, {"required", "yes"}}
	linuxRestoreParameters = []Parameter{{"max_age_days", "400"}}
)

// Every job counts: a database's backup does not make up for one of the files.
const linuxBackupRulings = `every backup at most {$max_age_hours} hours old
-backups_looked|unknown||The backups could not be looked for.
for backup
|+kind|{Product}
AgeHours>max_age_hours|+late|{Product}
AgeHours>max_age_hours|next
AgeHours#|+fresh|{Product}
AgeHours#|next
State=job|+never|{Product}
State=stamp|+never|{Product}
State=cron|+blind|{Product}
State=agent|+blind|{Product}
end
late|high|{late}, too old|The last backup that succeeded is too old: {late}.
never|high|{never}, none succeeded|A backup is set up, and none is known to have succeeded: {never}.
blind|unknown||Whether it succeeds cannot be seen on this host: {blind}.
fresh|pass|{fresh}|The last backup succeeded in time: {fresh}. Whether it can be restored is another check.
$required!yes|not_applicable||Backups are not asked for.
|high|none|No backup that this looks for is set up.`

const linuxRestoreRulings = `a restore tried at most {$max_age_days} days ago
-restore_test|unknown||The record of restores could not be read.
for restore_test
AgeDays#|+tried|yes
AgeDays>max_age_days|+late|yes
end
late|medium|too long ago|Nobody has recorded a tried restore for too long.
tried|pass|tried|Somebody recorded that a restore was tried. The record is that person's word.
|low|no record|No tried restore is on record: a backup is worth what a restore of it shows.`
