package probe

import "github.com/osiriscare/osiris/shared/check"

// windowsTable says where Windows keeps the facts of each check. Every namespace,
// class, property, value and function in it stands in sources.txt with its page;
// a test compares the two.
var windowsTable = [...]struct {
	id      check.ID
	sources string
}{
	{check.Firewall, firewallSources},
	{check.Defender, defenderSources},
	{check.BitLocker, bitlockerSources},
	{check.Patches, patchesSources},
	{check.ScreenLock, screenLockSources},
	{check.SMBv1, smbv1Sources},
	{check.PendingReboot, rebootSources},
	{check.GuestAccount, guestSources},
	{check.DiskSpace, "drive|volume"},
	{check.Spooler, spoolerSources},
	{check.CriticalServices, criticalSources},
	{check.AuditPolicy, auditSources},
	{check.PasswordPolicy, passwordSources},
	{check.AccountLockout, lockoutSources},
	{check.TimeSync, timeSources},
}

const (
	cimv2        = `root\cimv2`
	currentWinNT = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion`
	services     = `HKLM\SYSTEM\CurrentControlSet\Services\`
	policies     = `HKLM\SOFTWARE\Policies\Microsoft\`
)

// hostSources say which role and edition this is.
const hostSources = "one|" + check.FactProductType + "," + check.FactSystemDrive + "|" + cimv2 + "|Win32_OperatingSystem|ProductType,SystemDrive\n" +
	"one|" + check.FactDomainRole + "|" + cimv2 + "|Win32_ComputerSystem|DomainRole\n" +
	"reg|" + check.FactEdition + "|" + currentWinNT + "|EditionID\n" +
	"reg|" + check.FactBuild + "|" + currentWinNT + "|CurrentBuild\n" +
	"reg|" + check.FactRevision + "|" + currentWinNT + "|UBR"

// The active store merges local settings with those of group policy and MDM; the
// provider's default store holds the local ones only.
const firewallSources = "host\n" +
	"api|service|QueryService|MpsSvc,BFE\n" +
	`wmi?|profile|root\StandardCimv2|MSFT_NetFirewallProfile|Name,Enabled||PolicyStore=ActiveStore` + "\n" +
	`wmi?|product|root\SecurityCenter2|FirewallProduct|displayName,productState` + "\n" +
	"own|gpo|" + policies + `WindowsFirewall\DomainProfile|EnableFirewall` + "\n" +
	"own|gpo|" + policies + `WindowsFirewall\PrivateProfile|EnableFirewall` + "\n" +
	"own|gpo|" + policies + `WindowsFirewall\StandardProfile|EnableFirewall` + "\n" +
	"own|gpo|" + policies + `WindowsFirewall\PublicProfile|EnableFirewall` + "\n" +
	"own|mdm|" + services + `SharedAccess\Parameters\FirewallPolicy\Mdm\DomainProfile|EnableFirewall` + "\n" +
	"own|mdm|" + services + `SharedAccess\Parameters\FirewallPolicy\Mdm\StandardProfile|EnableFirewall` + "\n" +
	"own|mdm|" + services + `SharedAccess\Parameters\FirewallPolicy\Mdm\PublicProfile|EnableFirewall` + "\n" +
	"own|local"
