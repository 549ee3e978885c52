Set-StrictMode -Version 3.0
Add-HostFact
Add-ServiceFact -Fact 'service' -Name 'Spooler'
Add-CimFact -Fact 'printer' -Namespace 'root\cimv2' -ClassName 'Win32_Printer' -Property 'Name' -Filter 'Shared=TRUE' -Optional
Add-RegistryFact -Fact 'RegisterSpoolerRemoteRpcEndPoint' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Printers' -Name 'RegisterSpoolerRemoteRpcEndPoint'
Add-RegistryFact -Fact 'RestrictDriverInstallationToAdministrators' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Printers\PointAndPrint' -Name 'RestrictDriverInstallationToAdministrators'
# The value that restricts the spooler is a policy, which we set to 2: 1 is somebody else's.
if ((Get-RegistryData -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Printers' -Name 'RegisterSpoolerRemoteRpcEndPoint') -eq 1) {
    Add-Fact -Name 'owner' -Value 'gpo'
}
Add-ResultantOwner -ClassName 'RSOP_SystemService' -Filter "Service='Spooler'"
Add-Owner -Owner 'local'
