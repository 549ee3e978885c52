Set-StrictMode -Version 3.0
Add-HostFact
Add-ServiceFact -Fact 'service' -Name 'Spooler'
# A print server has thousands of them; that there are some is enough.
try {
    $told = 0
    foreach ($printer in @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_Printer' -Property 'Name' -Filter 'Shared=TRUE')) {
        if ($told -lt 20) {
            Add-CimRow -Fact 'printer' -Instance $printer -Property 'Name'
        }
        $told++
    }
} catch {
    Add-Fact -Name 'printer_error' -Value ('code ' + (Get-ErrorCode -Record $_))
}
Add-RegistryFact -Fact 'RegisterSpoolerRemoteRpcEndPoint' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Printers' -Name 'RegisterSpoolerRemoteRpcEndPoint'
Add-RegistryFact -Fact 'RestrictDriverInstallationToAdministrators' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Printers\PointAndPrint' -Name 'RestrictDriverInstallationToAdministrators'
# The value that restricts the spooler is a policy, which we set to 2: 1 is somebody else's.
if ((Get-RegistryData -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Printers' -Name 'RegisterSpoolerRemoteRpcEndPoint') -eq 1) {
    Add-Fact -Name 'owner' -Value 'gpo'
}
Add-ResultantOwner -ClassName 'RSOP_SystemService' -Filter "Service='Spooler'"
Add-Owner -Owner 'local'
