package probe

import "github.com/osiriscare/osiris/shared/check"

const (
	// history has what each client-side extension of group policy applied last;
	// sub-key 0 is the first of its policies. The extensions are those of security
	// settings and of advanced audit policy.
	history         = currentWin + `Group Policy\History\`
	historySecurity = history + `{827D319E-6EAC-11D2-A4EA-00C04F79F83A}\0|GPOName`
	historyAudit    = history + `{F3CCC681-B74C-4060-9F26-CD84525DCA2A}\0|GPOName`

	// resultant begins a line that asks what group policy applied last, logged by
	// its client-side extensions (RSoP). Where that cannot be read the fact
	// owner_error says so, and nobody is taken for the owner.
	resultant = "-owner|wmi?|owner|" + `root\rsop\computer|`
	winning   = "|precedence|"

	lsa         = control + `Lsa`
	securityLog = services + `EventLog\Security`
	windowsTime = services + `W32Time\`
)

// Win32_Printer fails where the spooler does not run; the judge needs it only
// where it does. The value that restricts the spooler is a policy, which we set
// to 2: 1 is somebody else's.
const spoolerSources = "host\n" +
	"api|service|QueryService|Spooler\n" +
	"wmi?|printer|" + cimv2 + "|Win32_Printer|Name|Shared=TRUE\n" +
	"reg|RegisterSpoolerRemoteRpcEndPoint|" + policies + `Windows NT\Printers|RegisterSpoolerRemoteRpcEndPoint` + "\n" +
	"reg|RestrictDriverInstallationToAdministrators|" + policies + `Windows NT\Printers\PointAndPrint|RestrictDriverInstallationToAdministrators` + "\n" +
	"own|gpo|" + policies + `Windows NT\Printers|RegisterSpoolerRemoteRpcEndPoint|1` + "\n" +
	resultant + "RSOP_SystemService" + winning + "Service='Spooler'\n" +
	"own|local"

// A policy that starts them is no conflict.
const criticalSources = "host\napi|service|QueryService|" + check.CriticalServiceNames + "\n" +
	resultant + "RSOP_SystemService" + winning + "StartupMode=4 AND (Service='EventLog' OR Service='CryptSvc' OR Service='Netlogon' OR " +
	"Service='NTDS' OR Service='DNS' OR Service='W32Time' OR Service='WinRM')\n" +
	"own|local"

const auditSources = "host\n" +
	"api|audit|AuditSystem|all\n" +
	"reg|SCENoApplyLegacyAuditPolicy|" + lsa + "|SCENoApplyLegacyAuditPolicy\n" +
	"reg|log.MaxSize|" + securityLog + "|MaxSize\n" +
	"reg|policy.MaxSize|" + policies + `Windows\EventLog\Security|MaxSize` + "\n" +
	"reg|log.Retention|" + securityLog + "|Retention\n" +
	"reg|log.AutoBackupLogFiles|" + securityLog + "|AutoBackupLogFiles\n" +
	"own|gpo|" + historyAudit + "\n" +
	"own|mdm|" + policyManager + "Audit|AccountLogonLogoff_AuditLogon\n" +
	"own|local"

const passwordSources = "host\n" +
	"api|rules|PasswordModals|local\n" +
	"own|gpo|" + historySecurity + "\n" +
	"own|mdm|" + policyManager + "DeviceLock|MinDevicePasswordLength\n" +
	"own|local"

const lockoutSources = "host\n" +
	"api|rules|LockoutModals|local\n" +
	"own|gpo|" + historySecurity + "\n" +
	"own|mdm|" + policyManager + "DeviceLock|AccountLockoutPolicy\n" +
	"own|local"

// What policy sets for Windows Time stands under another key than what w32tm
// sets, and goes before it.
const timeSources = "host\n" +
	"api|service|QueryService|W32Time\n" +
	"reg|Type|" + windowsTime + "Parameters|Type\n" +
	"reg|NtpServer|" + windowsTime + "Parameters|NtpServer\n" +
	"reg|NtpClient.Enabled|" + windowsTime + `TimeProviders\NtpClient|Enabled` + "\n" +
	"reg|policy.Type|" + policies + `W32Time\Parameters|Type` + "\n" +
	"reg|policy.NtpServer|" + policies + `W32Time\Parameters|NtpServer` + "\n" +
	"reg|policy.NtpClient.Enabled|" + policies + `W32Time\TimeProviders\NtpClient|Enabled` + "\n" +
	"reg|Domain|" + services + `Tcpip\Parameters|Domain` + "\n" +
	"ntp?|offset\n" +
	"own|gpo|" + policies + `W32Time\Parameters|Type` + "\n" +
	"own|gpo|" + policies + `W32Time\Parameters|NtpServer` + "\n" +
	"own|gpo|" + policies + `W32Time\TimeProviders\NtpClient|Enabled` + "\n" +
	"own|local"
