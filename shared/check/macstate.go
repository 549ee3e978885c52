package check

// FactMacState is what a part's own tool says about it, in the words of the
// rulings. It may repeat: a tool may print that FileVault is on and, in another
// line, that the disk is still being encrypted.
const FactMacState = "state"

// macRulings are the rulings of the checks of macOS.
var macRulings = [...]struct {
	id   ID
	text string
}{
	{FileVault, `on
state=decrypting|critical|decrypting|FileVault is being turned off.
state=encrypting|high|encrypting|FileVault is on, but the disk is not encrypted to its end.
state=deferred|critical|deferred|FileVault waits for somebody to log out or in; until then the disk is open.
state=restart needed|critical|restart needed|FileVault waits for a restart.
state=off|critical|off|FileVault is off: whoever has the disk can read it.
state=on|pass|on|FileVault encrypts the disk.`},

	{MacFirewall, `on
state=off|high|off|The application firewall is off.
state=on|pass|on|The application firewall is on.
state=on, blocks all|pass|on, blocks all|The application firewall is on and blocks all incoming connections.`},

	{Gatekeeper, `on
state=off|high|off|Gatekeeper is off: software starts without being assessed.
state=on|pass|on|Gatekeeper assesses software before it starts.`},

	{SIP, `on
state=partly off|high|partly off|System Integrity Protection is partly off.
state=off|high|off|System Integrity Protection is off: root may change the system itself.
state=on|pass|on|System Integrity Protection is on.`},

	{TimeSync, `on
state=off|medium|off|The clock is not set from the network.
state=on|pass|on|The clock is set from the network.`},

	// The actual value leaves the version out: it changes every week, and each
	// change would be reported.
	{XProtect, `rules at most {$max_age_days} days old, and updated
ConfigDataInstall=0|high|updates are off|The updates of XProtect are switched off.
$require_product=yes&-listed|unknown||The services that run could not be listed.
$require_product=yes&-product|high|XProtect only|No malware protection runs but the one that is built in.
-version|unknown||The version of XProtect's rules could not be read.
age_days>max_age_days|medium|rules out of date|XProtect has version {version} of its rules, installed {age_days} days ago.
age_days#&product|pass|XProtect up to date, {product}|The malware rules are up to date.
age_days#|pass|XProtect up to date|The malware rules are up to date.
|unknown||It could not be read when XProtect's rules were installed.`},

	{RemoteLogin, sharingRulings},
	{MacSharing, sharingRulings},

	{MacAdmins, `{$allowed}, at most {$most}
-admin|unknown||The administrators could not be read.
refused|high|{admin}|There are administrators whom nobody has agreed to: {refused}.
$allowed=any&count>most|medium|{admin}|More accounts administer this Mac than should.
|pass|{admin}|The administrators are as expected.`},

	{SoftwareUpdate, `macOS {$oldest_version} or newer, nothing offered for more than {$grace_days} days
-major|unknown||The version of macOS could not be read.
os_version<oldest_version|high|macOS {os_version}|macOS {os_version} gets no security updates any more.
AutomaticCheckEnabled=0|high|searching is off|This Mac does not look for updates by itself.
CriticalUpdateInstall=0|medium|security responses are off|Security responses and system files are not installed by themselves.
ConfigDataInstall=0|medium|security responses are off|Security responses and system files are not installed by themselves.
overdue|high|{overdue} is missing|{overdue} has been offered for more than {$grace_days} days and is not installed.
update_name=Safari|low|Safari is missing|An update of Safari is offered and not installed.
last_check_days>max_check_days|medium|not searched lately|This Mac has not reached the update server for {last_check_days} days.
last_check_days#|pass|up to date|Updates are searched for, and none is overdue.
|unknown||It could not be read when this Mac last looked for updates.`},

	{ScreenLock, `locks within {$max_idle_seconds} seconds
lock_delay_s=off|medium|asks for no password|The screen of the user at this Mac comes back without a password.
never|medium|never locks|Neither screen saver nor display sleep are set to start on an idle Mac.
seconds>max_idle_seconds|medium|locks too late|An idle session stays open for {seconds} seconds.
seconds|pass|locks within {seconds} seconds|The screen of the user at this Mac locks in time.
|unknown||When the screen locks could not be read.`},
}

const sharingRulings = `{$allowed}
-listed|unknown||The services that run could not be listed.
refused|medium|{service}|This Mac lets others in through {refused}.
service|pass|{service}|This Mac lets nobody in through a service that is not allowed.
|pass|none|This Mac lets nobody in through a service that is not allowed.`

// judgeMac applies a check's rulings to what was read, and what follows from it.
func judgeMac(d *definition, f Facts, p Parameters, v *Verdict) {
	all := append(Facts(nil), f...)
	switch d.id { //nolint:exhaustive // only these need more than their rulings
	case MacAdmins:
		all.refuse(FactAdmin, d.get(p, "allowed"))
	case MacSharing, RemoteLogin:
		all.refuse(FactSharedService, d.get(p, "allowed"))
	case SoftwareUpdate:
		all.overdue(d.number(p, "grace_days"))
	case ScreenLock:
		all.screenTime()
	}
	for i := range macRulings {
		if macRulings[i].id == d.id {
			d.rule(macRulings[i].text, all, p, v)
			return
		}
	}
}
