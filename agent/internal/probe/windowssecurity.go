package probe

// Sources of the checks on protection, encryption, updates and accounts.

const (
	policyManager = `4\`
	currentWin    = `3\`
	control       = `2\Control\`
)

// Platform updates brought the properties of the mode; the status is older. A
// server has no security centre: there another product is a service that runs.
const defenderSources = "host\n" +
	"api|service|QueryService|WinDefend\n" +
	`wmi?|status|root\Microsoft\Windows\Defender|MSFT_MpComputerStatus|AntivirusEnabled,RealTimeProtectionEnabled,AntivirusSignatureAge,AntivirusSignatureLastUpdated` + "\n" +
	`wmi?|mode|root\Microsoft\Windows\Defender|MSFT_MpComputerStatus|AMRunningMode,IsTamperProtected` + "\n" +
	`wmi?|product|root\SecurityCenter2|AntiVirusProduct|displayName,instanceGuid,productState` + "\n" +
	"api|other|QueryService|CSFalconService,SentinelAgent,EPSecurityService,Sophos Endpoint Defense Service,ekrn,WRSVC,MBAMService\n" +
	"own|gpo|" + policies + "Windows Defender|DisableAntiSpyware\n" +
	"own|gpo|" + policies + `Windows Defender\Real-Time Protection|DisableRealtimeMonitoring` + "\n" +
	"own|mdm|" + policyManager + "Defender|AllowRealtimeMonitoring\n" +
	"own|local"

// Portable disks are encryptable too; only those on fixed disks count.
const bitlockerSources = "host\n" +
	`wmi?|volume|root\CIMV2\Security\MicrosoftVolumeEncryption|Win32_EncryptableVolume|DeviceID,DriveLetter,ProtectionStatus,+GetConversionStatus.ConversionStatus PrecisionFactor=0,+GetSuspendCount.SuspendCount` + "\n" +
	"wmi|disk|" + cimv2 + "|Win32_LogicalDisk|DeviceID|DriveType=3"

// The installed updates come from servicing too.
const patchesSources = "host\n" +
	"date|date\n" +
	"api?|update|PendingUpdates|\n" +
	"wmi*?|hotfix|" + cimv2 + "|Win32_QuickFixEngineering|HotFixID,InstalledOn"

const guestSources = "host\n" +
	"api|account|Account501|\n" +
	resultant + "RSOP_SecuritySettingBoolean" + winning + "KeyName='EnableGuestAccount'\n" +
	"own|local"

// The features come from servicing, which works for seconds: they are asked only
// where the server itself does not answer.
const smbv1Sources = "host\n" +
	"api|service|QueryService|LanmanServer,mrxsmb10\n" +
	`wmi?|server|root\Microsoft\Windows\SMB|MSFT_SmbServerConfiguration|EnableSMB1Protocol` + "\n" +
	"reg|SMB1|" + services + `LanmanServer\Parameters|SMB1` + "\n" +
	"-server|wmi?|feature|" + cimv2 + "|Win32_OptionalFeature|Name,InstallState|Name LIKE 'SMB1Protocol%'\n" +
	resultant + "RSOP_RegistryPolicySetting" + winning + "valueName='SMB1'\n" +
	"own|local"

const rebootSources = "key|RebootRequired|" + currentWin + `WindowsUpdate\Auto Update\RebootRequired` + "\n" +
	"key|RebootPending|" + currentWin + `Component Based Servicing\RebootPending` + "\n" +
	"key|RebootInProgress|" + currentWin + `Component Based Servicing\RebootInProgress` + "\n" +
	"key|PackagesPending|" + currentWin + `Component Based Servicing\PackagesPending` + "\n" +
	"reg|JoinDomain|" + services + "Netlogon|JoinDomain\n" +
	"reg|AvoidSpnSet|" + services + "Netlogon|AvoidSpnSet\n" +
	"reg|ComputerName|" + control + `ComputerName\ComputerName|ComputerName` + "\n" +
	"reg|ActiveComputerName|" + control + `ComputerName\ActiveComputerName|ComputerName` + "\n" +
	"count|pending_renames|" + control + "Session Manager|PendingFileRenameOperations"

// What policy sets goes before what a person sets. The machine's own limit is a
// security option, of which the value does not tell who set it.
const (
	screenValues      = "|ScreenSaveActive,ScreenSaverIsSecure,ScreenSaveTimeOut\n"
	screenLockSources = "own|mdm|" + policyManager + "DeviceLock|MaxInactivityTimeDeviceLock\n" +
		"reg|InactivityTimeoutSecs|" + currentWin + `Policies\System|InactivityTimeoutSecs` + "\n" +
		"reg|MaxInactivityTimeDeviceLock|" + policyManager + "DeviceLock|MaxInactivityTimeDeviceLock\n" +
		"reg|DisableLockWorkstation|" + currentWin + `Policies\System|DisableLockWorkstation` + "\n" +
		`user|policy|Software\Policies\Microsoft\Windows\Control Panel\Desktop` + screenValues +
		`user|preference|Control Panel\Desktop` + screenValues +
		`user|lock|Software\Microsoft\Windows\CurrentVersion\Policies\System|DisableLockWorkstation` + "\n" +
		resultant + "RSOP_RegistryValue" + winning + "Path LIKE '%InactivityTimeoutSecs'\n" +
		"own|local"
)
