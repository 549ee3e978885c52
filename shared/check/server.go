//go:build !osiris_agent

package check

// Facts of the checks of what servers do.
const (
	FactReplication    = "replication"     // a row for each partner: Partner, Context, Failures, Result
	FactLockedAccounts = "locked_accounts" // how many accounts of the domain are locked
	// FactBackup is a row for each kind of backup that is set up: Product, and
	// AgeHours since the last that succeeded, or nothing if none ever did.
	FactBackup = "backup"
	// FactSecureChannel is yes or no: whether the computer's password still opens
	// the domain.
	FactSecureChannel = "secure_channel"
	// FactPasswordChange is Netlogon's DisablePasswordChange: 1 keeps the password
	// for ever.
	FactPasswordChange = "DisablePasswordChange"
)

var adParameters = []Parameter{{"max_locked", "5"}}

// Unlocking accounts by itself would undo what the lockout is for: a person looks
// who was guessing.
const adRulings = `replicates, few accounts locked
-role|unknown||The host's role could not be read.
-controller|not_applicable||This is no domain controller.
for replication
Failures>0|+failing|{Partner}
|+partner|yes
end
replication_error|unknown||Replication could not be read: {replication_error}.
failing|high|replication fails: {failing}|Replication with {failing} fails.
locked_accounts>max_locked|medium|{locked_accounts} accounts locked|More accounts are locked than people mistype.
-locked_accounts|unknown||The accounts of the domain could not be read.
|pass|well|Replication works, and few accounts are locked.`

// A server without any backup is as bad as one whose backup fails. Workstations
// are made anew; where they hold data, the parameter asks for them too.
var backupParameters = []Parameter{{"max_age_hours", "26"}, {"workstations", "no"}}

const backupRulings = `a backup at most {$max_age_hours} hours old
-role|unknown||The host's role could not be read.
workstation&$workstations!yes|not_applicable||Backups of workstations are not asked for.
for backup
|+kind|{Product}
AgeHours#|+done|{Product}
AgeHours>max_age_hours|next
AgeHours#|+fresh|{Product}
end
fresh|pass|{fresh}|The last backup by {fresh} succeeded in time.
backup_error|unknown||The backups could not be read: {backup_error}.
done|high|{done}, too old|The last backup that succeeded is too old.
kind|high|{kind}, none succeeded|A backup is set up, and none ever succeeded.
|high|none|No backup that this looks for is set up.`

const dnsServerRulings = `running
-role|unknown||The host's role could not be read.
for service
Name=DNS|+there|yes
Name=DNS&State?245|+running|yes
Name=DNS&Start=4|+off|yes
end
-there&controller|medium|no DNS server|A domain controller without a DNS server needs another one.
-there|not_applicable||This host is no DNS server.
running|pass|running|The DNS server is running.
off|medium|disabled|The DNS server is switched off.
|critical|stopped|The DNS server is not running: nobody finds the domain.`

const dhcpServerRulings = `running
-role|unknown||The host's role could not be read.
for service
Name=DHCPServer|+there|yes
Name=DHCPServer&State?245|+running|yes
Name=DHCPServer&Start=4|+off|yes
end
-there|not_applicable||This host is no DHCP server.
running|pass|running|The DHCP server is running.
off|medium|disabled|The DHCP server is switched off.
|critical|stopped|The DHCP server is not running: computers lose their addresses.`

const secureChannelRulings = `the domain accepts this computer
-role|unknown||The host's role could not be read.
-domain|not_applicable||This host is in no domain.
controller|not_applicable||A domain controller has no such channel to its own domain.
secure_channel=no|critical|broken|The domain does not accept this computer's password any more.
-secure_channel|unknown||The channel to the domain could not be tested.
DisablePasswordChange=1|medium|password never changes|The computer's password in the domain is set never to change.
|pass|well|The domain accepts this computer.`
