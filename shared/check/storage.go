//go:build !osiris_agent

package check

// Facts of the checks of storage and of updates.
const (
	FactDiskHealth   = "disk"       // a row for each disk: Name, HealthStatus (0 well, 1 warning, 2 failing)
	FactVolumeHealth = "volume"     // a row for each volume: Name, HealthStatus, Dirty (1: a check of the file system is due)
	FactVSSErrors    = "vss_errors" // how many errors shadow copies logged in a day

	FactUpdateErrors = "update_errors"    // how many updates failed in a week
	FactUpdateCache  = "cache_mb"         // size of what was downloaded
	FactUseWSUS      = "UseWUServer"      // 1 where policy names an update server
	FactWSUSServer   = "WUServer"         // its address
	FactWSUSClient   = "SusClientId"      // yes where this computer has an id for it
	FactUpdateSearch = "search_age_hours" // since the last search that succeeded
)

const volumeHealthRulings = `healthy
-disk&-volume|unknown||The health of the disks could not be read.
for disk
HealthStatus=2|+failing|{Name}
HealthStatus=1|+worn|{Name}
HealthStatus?012|+judged|yes
end
for volume
HealthStatus=2|+failing|{Name}
HealthStatus=1|+worn|{Name}
Dirty=1|+dirty|{Name}
end
failing|critical|failing: {failing}|The storage reports a failure: {failing}.
worn|high|warning: {worn}|The storage warns of a failure: {worn}.
dirty|medium|not checked: {dirty}|A check of the file system is due: {dirty}.
disk_error&-judged|unknown||The health of the disks could not be read: {disk_error}.
|pass|healthy|The storage reports no fault.`

var vssParameters = []Parameter{{"max_errors", "0"}}

// The writers' own states are told by vssadmin alone, in the language of Windows;
// what fails is logged as an error of VSS.
const vssRulings = `able to make shadow copies
for service
Name=VSS|+there|yes
Name=VSS&Start=4|+off|VSS
Name=swprv&Start=4|+off|swprv
end
-there|unknown||The service VSS could not be read.
off|high|disabled: {off}|Shadow copies cannot be made: {off} is disabled.
vss_errors>max_errors|medium|{vss_errors} errors|Shadow copies failed in the last day.
-vss_errors|unknown||The log of the shadow copies could not be read.
|pass|well|Shadow copies can be made.`

var updateServiceParameters = []Parameter{{"max_errors", "5"}, {"max_cache_mb", "5120"}}

const updateServiceRulings = `able to install updates
for service
Name=wuauserv|+there|yes
Name=wuauserv&Start=4|+off|wuauserv
Name=BITS&Start=4|+off|BITS
Name=CryptSvc&Start=4|+off|CryptSvc
end
-there|unknown||The service wuauserv could not be read.
off|high|disabled: {off}|Windows cannot be updated: {off} is disabled.
update_errors>max_errors|medium|{update_errors} failures|Many updates failed in the last week.
cache_mb>max_cache_mb|medium|{cache_mb} MB downloaded|What was downloaded piles up, so something is not installed.
-update_errors|unknown||The log of the updates could not be read.
|pass|well|Windows Update works.`

var wsusParameters = []Parameter{{"max_search_hours", "168"}}

const wsusRulings = `asks its update server
-owner|unknown||The policy on updates could not be read.
UseWUServer!1|not_applicable||This host has no update server of its own.
-WUServer|high|no address|Policy names an update server and no address.
-SusClientId|medium|no id|This computer has no id for its update server.
-search_age_hours|high|never asked|The update server never answered.
search_age_hours>max_search_hours|medium|asked too long ago|The update server did not answer for too long.
|pass|asks|The update server answers.`
