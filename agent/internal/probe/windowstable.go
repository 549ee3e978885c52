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
	currentWinNT = `0\Windows NT\CurrentVersion`
	services     = `2\Services\`
	policies     = `1\`
)

// roots are what the digit before a key's first backslash stands for: written
// out, the keys of the table are 2 KB longer.
var roots = [...]string{
	`HKLM\SOFTWARE\Microsoft`, `HKLM\SOFTWARE\Policies\Microsoft`, `HKLM\SYSTEM\CurrentControlSet`,
	`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion`, `HKLM\SOFTWARE\Microsoft\PolicyManager\current\device`,
}

// longKey writes a key of the table out.
func longKey(key string) string {
	if len(key) > 1 && key[1] == '\\' && int(key[0]-'0') < len(roots) {
		return roots[key[0]-'0'] + key[1:]
	}
	return key
}

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
