Set-StrictMode -Version 3.0
$adapters = @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_NetworkAdapterConfiguration' -Property 'InterfaceIndex', 'SettingID', 'DHCPEnabled' -Filter 'IPEnabled=TRUE')
$saved = [ordered]@{}
foreach ($adapter in $adapters) {
    $id = $adapter.SettingID
    $four = [string](Get-RegistryData -Path "HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces\$id" -Name 'NameServer')
    $six = [string](Get-RegistryData -Path "HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters\Interfaces\$id" -Name 'NameServer')
    $set = ($four + ',' + $six).Trim(',')
    if ($set -ne '') {
        if (-not $adapter.DHCPEnabled) {
            throw 'an adapter without DHCP has DNS servers of its own, which needs a person'
        }
        $saved[[string]$adapter.InterfaceIndex] = $set
    }
}
if ($saved.Count -eq 0) {
    throw 'no adapter has DNS servers of its own: DHCP names the wrong ones'
}
Save-State -State ([ordered]@{ servers = $saved })
