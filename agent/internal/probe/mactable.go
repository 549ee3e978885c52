package probe

import (
	"github.com/osiriscare/osiris/agent/internal/command"
	"github.com/osiriscare/osiris/shared/check"
)

// Where configuration profiles leave what they force.
const profiles = "/Library/Managed Preferences/"

// updateFile and updateManaged are what commands of the list read.
const (
	updateFile    = "/Library/Preferences/com.apple.SoftwareUpdate.plist"
	updateManaged = profiles + "com.apple.SoftwareUpdate.plist"
	saverManaged  = profiles + "com.apple.screensaver.plist"
	xprotectFile  = "/Library/Apple/System/Library/CoreServices/XProtect.bundle/Contents/Info.plist"
)

const updateWords = `AutomaticCheckEnabled|<|<key>AutomaticCheckEnabled</key>
CriticalUpdateInstall|<|<key>CriticalUpdateInstall</key>
ConfigDataInstall|<|<key>ConfigDataInstall</key>
AutomaticDownload|<|<key>AutomaticDownload</key>
AutomaticallyInstallMacOSUpdates|<|<key>AutomaticallyInstallMacOSUpdates</key>
last_check_days|@|<key>LastSuccessfulDate</key>
update_name|<|<key>Display Name</key>
offer|%|<key>MSU_UPDATE_
||`

const configDataWords = "ConfigDataInstall|<|<key>ConfigDataInstall</key>\n||"

// macTable has what is read for each check, in order: a value that one source gave
// holds against later ones. The pages and captures behind it are named in the
// fixtures of testdata/darwin.
var macTable = [...]macSource{
	{id: check.FileVault, command: &command.FileVault, words: `state|decrypting|Decryption in progress
state|encrypting|Encryption in progress
state|deferred|Deferred enablement
state|restart needed|needs to be restarted
state|restart needed|after the next restart
state|on|FileVault is On.
state|off|FileVault is Off.`},

	// State 2 has no word "enabled" in its sentence.
	{id: check.MacFirewall, command: &command.Firewall, words: `state|off|(State = 0)
state|on|(State = 1)
state|on, blocks all|(State = 2)`},
	{id: check.MacFirewall, path: profiles + "com.apple.security.firewall.plist", words: wordsManaged},

	{id: check.Gatekeeper, command: &command.Gatekeeper, words: `state|on|assessments enabled
state|off|assessments disabled`},

	{id: check.SIP, command: &command.SIP, words: `state|partly off|(Custom Configuration)
state|on|Protection status: enabled
state|off|Protection status: disabled`},

	// The keys askForPassword of com.apple.screensaver mean nothing since 10.13.
	{id: check.ScreenLock, command: &command.ScreenLock, user: true, words: `lock_delay_s|off|screenLock is off
lock_delay_s|off|screenLock delay is -1
lock_delay_s|0|screenLock delay is immediate
lock_delay_s|#|screenLock delay is`},
	{id: check.ScreenLock, path: saverManaged, words: wordsManaged},
	{id: check.ScreenLock, path: saverManaged, command: &command.SaverManaged, words: "saver_idle_s|<|<key>idleTime</key>\n||"},
	{id: check.ScreenLock, command: &command.SaverIdle, user: true, words: `saver_idle_s|unset|does not exist
saver_idle_s|#|`},
	{id: check.ScreenLock, command: &command.Power, words: "display_sleep_min|#| displaysleep "},

	{id: check.TimeSync, command: &command.NetworkTime, words: `state|on|Network Time: On
state|off|Network Time: Off`},

	{id: check.XProtect, path: "/usr/bin/xprotect", command: &command.XProtect, words: `version|#|Version:
age_days|@|Installed:`},
	{id: check.XProtect, path: xprotectFile, command: &command.XProtectBundle, words: "version|<|<key>CFBundleShortVersionString</key>"},
	{id: check.XProtect, path: xprotectFile, words: "age_days|@|"},
	{id: check.XProtect, path: updateManaged, command: &command.UpdatesManaged, words: configDataWords},
	{id: check.XProtect, path: updateFile, command: &command.Updates, words: configDataWords},
	// What launchd has loaded: whether a product is healthy only its own console says.
	{id: check.XProtect, command: &command.Services, optional: true, words: `listed|yes|PID	Status	Label
product|CrowdStrike Falcon|com.crowdstrike.falcon
product|SentinelOne|com.sentinelone.sentineld
product|Microsoft Defender|com.microsoft.fresno
product|Sophos|com.sophos.
product|Bitdefender|com.bitdefender.
product|ESET|com.eset.
product|Malwarebytes|com.malwarebytes.mbam
product|Jamf Protect|com.jamf.protect
product|Cortex XDR|com.paloaltonetworks.cortex`},

	{id: check.SoftwareUpdate, path: updateManaged, words: wordsManaged},
	{id: check.SoftwareUpdate, path: updateManaged, command: &command.UpdatesManaged, words: updateWords},
	{id: check.SoftwareUpdate, path: updateFile, command: &command.Updates, words: updateWords},

	{id: check.RemoteLogin, command: &command.Services, words: `listed|yes|PID	Status	Label
service|remote_login|	com.openssh.sshd`},

	{id: check.MacSharing, command: &command.Services, words: `listed|yes|PID	Status	Label
service|file_sharing|	com.apple.smbd
service|file_sharing|	com.apple.AppleFileServer
service|screen_sharing|	com.apple.screensharing
service|remote_events|	com.apple.AEServer
service|web_server|	org.apache.httpd
service|nfs|	com.apple.nfsd`},
	{id: check.MacSharing, path: "/Library/Application Support/Apple/Remote Desktop/RemoteManagement.launchd", command: &command.RemoteManagement, words: "service|remote_management|enabled\n||"},

	{id: check.MacAdmins, command: &command.Admins, words: "admin|<|<string>"},
}

// wordsManaged is for a file whose presence tells that a profile decides.
const wordsManaged = "owner|mdm|"
